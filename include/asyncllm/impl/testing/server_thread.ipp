#include <asyncllm/testing/server_thread.hpp>

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include <exception>
#include <future>
#include <memory>
#include <utility>

namespace asyncllm::inline v0_1::testing {

ServerThread::ServerThread(Abi) : server_(loop_.get_executor()), thread_([this] { loop_.run(); }) {}

ServerThread::~ServerThread()
{
  loop_.stop();
  thread_.join();
}

std::string ServerThread::url() const
{
  return server_.url();  // never changes
}

std::string ServerThread::spec(std::string_view provider, std::string_view model) const
{
  return server_.spec(provider, model);
}

ServerThread& ServerThread::push(Answer answer)
{
  return configure([&](ScriptedServer& server) { server.push(std::move(answer)); });
}

ServerThread& ServerThread::always(Answer answer)
{
  return configure([&](ScriptedServer& server) { server.always(std::move(answer)); });
}

ServerThread& ServerThread::when(ScriptedServer::Decide decide)
{
  return configure([&](ScriptedServer& server) { server.when(std::move(decide)); });
}

ServerThread& ServerThread::configure(const std::function<void(ScriptedServer&)>& change)
{
  on_loop(change);
  return *this;
}

ServerThread::Stats ServerThread::stats() const
{
  Stats copy;
  on_loop([&](ScriptedServer& server) { copy = server.stats(); });
  return copy;
}

std::vector<std::string> ServerThread::bodies() const
{
  std::vector<std::string> copy;
  on_loop([&](ScriptedServer& server) { copy = server.bodies(); });
  return copy;
}

std::vector<ReceivedRequest> ServerThread::requests() const
{
  std::vector<ReceivedRequest> copy;
  on_loop([&](ScriptedServer& server) { copy = server.requests(); });
  return copy;
}

bool ServerThread::until(
    std::function<bool(const Stats&)> condition, std::chrono::milliseconds limit) const
{
  auto promise = std::make_shared<std::promise<bool>>();
  auto result = promise->get_future();
  const auto tell = [promise](std::exception_ptr failure, bool met) {
    failure ? promise->set_exception(failure) : promise->set_value(met);
  };
  asio::co_spawn(loop_, server_.until(std::move(condition), limit), tell);
  return result.get();
}

void ServerThread::on_loop(const std::function<void(ScriptedServer&)>& work) const
{
  if (std::this_thread::get_id() == thread_.get_id()) {
    work(server_);  // called from a function given to when()
    return;
  }
  std::packaged_task<void()> task([&] { work(server_); });
  auto done = task.get_future();
  asio::post(loop_, [task = std::move(task)]() mutable { task(); });
  done.get();
}

}  // namespace asyncllm::testing
