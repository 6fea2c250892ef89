// Lines of a log, OpenTelemetry's names, metrics and prices.
#include <asyncllm/observe/log_observer.hpp>
#include <asyncllm/observe/metrics.hpp>
#include <asyncllm/observe/otel.hpp>
#include <asyncllm/observe/prices.hpp>

#include "test.hpp"

#include <chrono>
#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

using namespace asyncllm;
using namespace std::chrono_literals;

namespace {

CallInfo a_call()
{
  CallInfo call;
  call.id = 1;
  call.operation = "chat";
  call.provider = "ollama";
  call.model = "gemma3:latest";
  call.base_url = "http://127.0.0.1:11434";
  call.started_at = std::chrono::system_clock::time_point(1'795'803'408'123ms);
  return call;
}

CallEnd an_end(const CallInfo& call)
{
  CallEnd end;
  end.ended = call.started + 1080ms;
  end.attempts = 1;
  end.usage.reported = true;
  end.usage.input_tokens = 12;
  end.usage.output_tokens = 34;
  end.finish_reason = "stop";
  return end;
}

std::map<std::string, otel::Attribute> by_name(const std::vector<otel::Attribute>& all)
{
  std::map<std::string, otel::Attribute> map;
  for (const auto& attribute : all)
    map.emplace(attribute.name, attribute);
  CHECK(map.size() == all.size());
  return map;
}

}  // namespace

TEST_CASE("a line of the log", "[observe]")
{
  auto call = a_call();
  auto end = an_end(call);
  CHECK(
      log_line(call, end) ==
      "2026-11-27T18:16:48.123Z chat ollama gemma3:latest 1.08s tokens 12+34 stop");
  end.first_token = call.started + 310ms;
  end.attempts = 3;
  const Error error(ErrorKind::rate_limited, "slow\ndown\x1b[31m");
  end.error = &error;
  CHECK(
      log_line(call, end) ==
      "2026-11-27T18:16:48.123Z chat ollama gemma3:latest 1.08s first 0.31s tokens 12+34 "
      "attempts 3 error rate_limited: slow down [31m");
}

TEST_CASE("OpenTelemetry's attributes of a call", "[observe]")
{
  auto call = a_call();
  call.streamed = true;
  call.parameters.temperature = 0.5;
  call.parameters.max_tokens = 50;
  call.parameters.stop = {"END"};
  auto end = an_end(call);
  end.first_token = call.started + 250ms;
  end.response_model = "gemma3:latest";
  auto all = by_name(otel::attributes(call, end));
  CHECK(otel::span_name(call) == "chat gemma3:latest");
  CHECK(std::get<std::string>(all.at("gen_ai.operation.name").value) == "chat");
  CHECK(std::get<std::string>(all.at("gen_ai.provider.name").value) == "ollama");
  CHECK(std::get<double>(all.at("gen_ai.request.temperature").value) == 0.5);
  CHECK(std::get<std::int64_t>(all.at("gen_ai.request.max_tokens").value) == 50);
  CHECK(std::get<double>(all.at("gen_ai.response.time_to_first_chunk").value) == 0.25);
  CHECK(std::get<std::int64_t>(all.at("gen_ai.usage.output_tokens").value) == 34);
  CHECK(std::get<std::string>(all.at("server.address").value) == "127.0.0.1");
  CHECK(std::get<std::int64_t>(all.at("server.port").value) == 11434);
  CHECK_FALSE(all.contains("error.type"));

  const Error error(ErrorKind::timeout, "late");
  end.error = &error;
  call.base_url = "https://[::1]/v1";
  all = by_name(otel::attributes(call, end));
  CHECK(std::get<std::string>(all.at("error.type").value) == "timeout");
  CHECK(std::get<std::string>(all.at("server.address").value) == "::1");
  CHECK(std::get<std::int64_t>(all.at("server.port").value) == 443);
}

TEST_CASE("OpenTelemetry's names of providers", "[observe]")
{
  CHECK(otel::provider_name("azure-responses") == "azure.ai.openai");
  CHECK(otel::provider_name("gemini") == "gcp.gemini");
  CHECK(otel::provider_name("mistral") == "mistral_ai");
  CHECK(otel::provider_name("xai-responses") == "x_ai");
  CHECK(otel::provider_name("openai-responses") == "openai");
  CHECK(otel::provider_name("openrouter") == "openrouter");
}

TEST_CASE("metrics in Prometheus's format", "[observe]")
{
  Metrics metrics;
  auto call = a_call();
  call.model = "a\"b\\";
  metrics.call_started(call);
  metrics.attempt_ended(call, {});
  const auto text = [&] {
    std::ostringstream out;
    metrics.write(out);
    return out.str();
  };
  const std::string labels = R"(operation="chat",provider="ollama",model="a\"b\\")";
  CHECK(text().find("asyncllm_calls_in_flight{" + labels + "} 1\n") != std::string::npos);
  metrics.call_ended(call, an_end(call));
  const auto all = text();
  const auto has = [&](const std::string& line) { return all.find(line + '\n') != all.npos; };
  const std::string duration = "gen_ai_client_operation_duration_seconds";
  CHECK(has("# TYPE " + duration + " histogram"));
  CHECK(has(duration + "_bucket{" + labels + ",error_type=\"\",le=\"0.64\"} 0"));
  CHECK(has(duration + "_bucket{" + labels + ",error_type=\"\",le=\"1.28\"} 1"));
  CHECK(has(duration + "_bucket{" + labels + ",error_type=\"\",le=\"+Inf\"} 1"));
  CHECK(has(duration + "_sum{" + labels + ",error_type=\"\"} 1.08"));
  CHECK(has("gen_ai_client_token_usage_count{" + labels + ",token_type=\"output\"} 1"));
  CHECK(has("asyncllm_attempts_total{" + labels + "} 1"));
  CHECK(has("asyncllm_calls_in_flight{" + labels + "} 0"));
  CHECK(all.ends_with('\n'));
}

TEST_CASE("a thousand models are told apart, what is beyond is one", "[observe]")
{
  Metrics metrics;
  auto call = a_call();
  for (int i = 0; i < 1200; ++i) {
    call.model = "m" + std::to_string(i);
    metrics.call_started(call);
    metrics.call_ended(call, an_end(call));
  }
  std::ostringstream out;
  metrics.write(out);
  CHECK(out.str().find("model=\"m999\"") != std::string::npos);
  CHECK(out.str().find("model=\"m1000\"") == std::string::npos);
  CHECK(
      out.str().find(
          "token_usage_count{operation=\"chat\",provider=\"ollama\",model=\"other\",token_type="
          "\"input\"} 200\n") != std::string::npos);
}

TEST_CASE("prices of your own", "[observe]")
{
  Prices prices;
  prices.set("gpt-5", 1, 10, 0.1).set("gpt-*", 2, 20).set("gpt-5-m*", 3, 30);
  Usage usage;
  usage.input_tokens = 1'000'000;
  usage.cached_input_tokens = 400'000;
  usage.output_tokens = 100'000;
  CHECK_FALSE(prices.cost("gpt-5", usage));
  usage.reported = true;
  const auto is = [](std::optional<double> cost, double value) {
    return cost && std::abs(*cost - value) < 1e-9;
  };
  CHECK(is(prices.cost("gpt-5", usage), 0.6 + 0.04 + 1));
  CHECK(is(prices.cost("gpt-4", usage), 2 + 2));
  CHECK(is(prices.cost("gpt-5-mini", usage), 3 + 3));
  CHECK_FALSE(prices.cost("claude", usage));
}
