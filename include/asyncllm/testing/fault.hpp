// What can go wrong on a connection, and where in the exchange it does.
#pragma once

#include <chrono>
#include <string>

namespace asyncllm::inline v0_1::testing {

/// Where a fault occurs, in the order of an exchange.
enum class Phase {
  accept,          ///< the connection is made; no request has come
  request,         ///< the first bytes of the request have come
  before_head,     ///< the request is read; no byte of the answer is sent
  status_line,     ///< in the middle of the first line
  head,            ///< in the middle of the header fields
  after_head,      ///< the head is sent, nothing of the body
  chunk_size,      ///< in the line before a chunk in mid-body; unchunked: as `between_pieces`
  piece,           ///< in the middle of a token of a stream, in a whole body before three quarters
  between_pieces,  ///< between two tokens of a stream, in the middle of a whole body
  end,             ///< the body is sent, of a chunked one all but the last, empty chunk
  idle             ///< the answer is sent; the connection waits for its next request
};

/// One fault: what happens, and when.
///
///     server.push(Answer::text("Paris.").fault(Fault::reset(Phase::piece)));
///     server.push(Fault::cut(Phase::accept));
///
/// What was sent before the fault is what the answer would have begun with, to the byte. `accept`
/// and `request` are for `ScriptedServer::push(Fault)`, since no answer is chosen by then; all
/// others for `Answer::fault`.
class Fault {
 public:
  enum class Kind { cut, reset, stall, garbage, drip };

  /// The server closes the connection (TCP FIN).
  static Fault cut(Phase phase) { return Fault(Kind::cut, phase); }

  /// The server resets the connection (TCP RST). What the client has not read by then may be lost
  /// to it, as in real life.
  static Fault reset(Phase phase) { return Fault(Kind::reset, phase); }

  /// Nothing more comes, and the connection stays open until the client closes it. Behind an answer
  /// that is whole: until the next request comes, which is closed upon unanswered. That is the race
  /// which a client of kept connections must win.
  static Fault stall(Phase phase) { return Fault(Kind::stall, phase); }

  /// `bytes` come, then the connection is closed.
  static Fault garbage(Phase phase, std::string bytes = "\x01\xff\r\nGARBAGE\r\n\r\n");

  /// The rest of the answer comes byte by byte, `gap` apart: no fault, but it looks like one to a
  /// reader that counts on whole lines. Not for accept, request and idle.
  static Fault drip(Phase phase, std::chrono::milliseconds gap = std::chrono::milliseconds(0));

  Kind kind() const noexcept { return kind_; }
  Phase phase() const noexcept { return phase_; }
  const std::string& bytes() const noexcept { return bytes_; }
  std::chrono::milliseconds gap() const noexcept { return gap_; }

 private:
  Fault(Kind kind, Phase phase) : kind_(kind), phase_(phase) {}

  Kind kind_;
  Phase phase_;
  std::string bytes_;
  std::chrono::milliseconds gap_{0};
};

}  // namespace asyncllm::testing
