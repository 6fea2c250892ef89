#include <asyncllm/impl/client/route.hpp>
#include <asyncllm/impl/http/exchange/readdressed.hpp>

namespace asyncllm::inline v0_1::client {

bool Route::follow(const ResponseHead& answer)
{
  if (!http::is_redirect(answer.status))
    return false;
  if (!redirected_) {
    const auto method = message_.substr(0, message_.find(' '));
    auto target = message_.substr(method.size() + 1);
    target = target.substr(client_.transport.target_prefix().size());
    auto first = client_.transport.url();
    first.path = target.substr(0, target.find_first_of(" ?"));
    http::RedirectChain chain(client_.redirects, std::string(method), std::move(first));
    redirected_ = std::make_unique<Redirected>(Redirected{std::move(chain), nullptr, {}});
  }
  const auto& url = redirected_->chain.follow(answer);
  if (redirected_->chain.is_elsewhere())
    redirected_->elsewhere = client_.transport_to(url);
  redirected_->message = http::readdressed(message_, redirected_->chain, transport());
  return true;
}

void Route::explain(Error& error) const
{
  if (!redirected_ || redirected_->message.empty())
    return;
  const auto& here = redirected_->chain.here();
  error.with_hint("a redirect led to " + here.origin() + here.path);
}

}  // namespace asyncllm::client
