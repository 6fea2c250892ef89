#include "client/route.hpp"

#include "http/readdressed.hpp"

namespace asyncllm {

bool Route::follow(const ResponseHead& answer)
{
  if (!http::is_redirect(answer.status))
    return false;
  if (!chain_) {
    auto first = client_.transport.url();
    first.path += path_;
    chain_.emplace(
        client_.redirects, std::string(message_.substr(0, message_.find(' '))), std::move(first));
  }
  const auto& url = chain_->follow(answer);
  if (chain_->is_elsewhere())
    elsewhere_ = client_.transport_to(url);
  next_message_ = http::readdressed(message_, *chain_, transport());
  return true;
}

void Route::explain(Error& error) const
{
  if (next_message_)
    error.with_hint("a redirect led to " + chain_->here().origin() + chain_->here().path);
}

}  // namespace asyncllm
