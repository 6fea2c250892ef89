#include <asyncllm/observe/otel.hpp>

#include <charconv>
#include <utility>

namespace asyncllm::inline v0_1::otel {
namespace {

struct Server {
  std::string address;
  std::int64_t port = 0;
};

// Of a URL that the client has checked.
Server server_of(std::string_view url)
{
  const bool is_tls = url.starts_with("https:");
  if (const auto scheme = url.find("://"); scheme != url.npos)
    url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  Server server{std::string(url), is_tls ? 443 : 80};
  const auto colon = url.rfind(':');
  if (colon != url.npos && url.find(']', colon) == url.npos) {
    server.address = url.substr(0, colon);
    std::from_chars(url.data() + colon + 1, url.data() + url.size(), server.port);
  }
  if (server.address.starts_with('['))
    server.address = server.address.substr(1, server.address.find(']') - 1);
  return server;
}

double in_seconds(CallInfo::TimePoint from, CallInfo::TimePoint to)
{
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string span_name(const CallInfo& call)
{
  return call.model.empty() ? call.operation : call.operation + ' ' + call.model;
}

std::string_view provider_name(std::string_view provider)
{
  if (provider.starts_with("azure"))
    return "azure.ai.openai";
  if (provider == "gemini")
    return "gcp.gemini";
  if (provider == "mistral")
    return "mistral_ai";
  if (provider.starts_with("xai"))
    return "x_ai";
  constexpr std::string_view responses = "-responses";
  if (provider.ends_with(responses))
    provider.remove_suffix(responses.size());
  return provider;
}

std::vector<Attribute> attributes(const CallInfo& call, const CallEnd& end)
{
  std::vector<Attribute> all;
  const auto add = [&](const char* name, auto value) { all.push_back({name, std::move(value)}); };
  const auto add_if = [&](const char* name, const auto& value) {
    if (value)
      add(name, *value);
  };
  const auto add_integer = [&](const char* name, const auto& value) {
    if (value)
      add(name, static_cast<std::int64_t>(*value));
  };
  const auto add_text = [&](const char* name, const std::string& value) {
    if (!value.empty())
      add(name, value);
  };
  add("gen_ai.operation.name", call.operation);
  add("gen_ai.provider.name", std::string(provider_name(call.provider)));
  add_text("gen_ai.request.model", call.model);
  const auto& parameters = call.parameters;
  add_if("gen_ai.request.temperature", parameters.temperature);
  add_integer("gen_ai.request.max_tokens", parameters.max_tokens);
  add_if("gen_ai.request.top_p", parameters.top_p);
  add_integer("gen_ai.request.top_k", parameters.top_k);
  add_if("gen_ai.request.presence_penalty", parameters.presence_penalty);
  add_if("gen_ai.request.frequency_penalty", parameters.frequency_penalty);
  add_integer("gen_ai.request.seed", parameters.seed);
  if (!parameters.stop.empty())
    add("gen_ai.request.stop_sequences", parameters.stop);
  if (call.streamed)
    add("gen_ai.request.stream", true);
  add_text("gen_ai.response.model", end.response_model);
  add_text("gen_ai.response.id", end.response_id);
  if (!end.finish_reason.empty())
    add("gen_ai.response.finish_reasons", std::vector{end.finish_reason});
  if (end.first_token)
    add("gen_ai.response.time_to_first_chunk", in_seconds(call.started, *end.first_token));
  if (end.usage.reported) {
    add("gen_ai.usage.input_tokens", end.usage.input_tokens);
    add("gen_ai.usage.output_tokens", end.usage.output_tokens);
  }
  auto server = server_of(call.base_url);
  add_text("server.address", server.address);
  add("server.port", server.port);
  if (end.error)
    add("error.type", std::string(to_string(end.error->kind())));
  return all;
}

}  // namespace asyncllm::otel
