#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/json/writer.hpp>

namespace asyncllm::inline v0_1::json {
namespace {

bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c)
{
  const auto lower = detail::to_lower(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'f');
}

}  // namespace

void SyntaxChecker::feed(std::string_view piece)
{
  for (std::size_t at = 0; at < piece.size() && !has_failed(); ++at)
    take(piece[at]);
}

bool SyntaxChecker::is_complete() const noexcept
{
  if (!open_.empty())
    return false;
  return state_ == State::after_value || state_ == State::zero || state_ == State::integer ||
         state_ == State::fraction || state_ == State::exponent_digits;
}

void SyntaxChecker::take(char c)
{
  switch (state_) {
    case State::string:
    case State::escape:
    case State::unicode: return take_in_string(c);
    case State::literal:
      if (c != literal_.front())
        return fail();
      literal_.remove_prefix(1);
      if (literal_.empty())
        end_value();
      return;
    case State::minus:
    case State::zero:
    case State::integer:
    case State::point:
    case State::fraction:
    case State::exponent:
    case State::exponent_sign:
    case State::exponent_digits:
      if (take_number(c))
        return;
      break;  // the number ended before c
    default: break;
  }
  if (has_failed() || is_space(c))
    return;
  switch (state_) {
    case State::first_element:
      if (c == ']')
        return close(c);
      [[fallthrough]];
    case State::value: return begin_value(c);
    case State::first_name:
      if (c == '}')
        return close(c);
      [[fallthrough]];
    case State::name:
      is_name_ = true;
      state_ = c == '"' ? State::string : State::failed;
      return;
    case State::colon: state_ = c == ':' ? State::value : State::failed; return;
    case State::after_value:
      if (c == ',' && !open_.empty())
        state_ = open_.back() == '}' ? State::name : State::value;
      else
        close(c);
      return;
    default: return fail();
  }
}

void SyntaxChecker::begin_value(char c)
{
  switch (c) {
    case '{': return open('}', State::first_name);
    case '[': return open(']', State::first_element);
    case '"':
      is_name_ = false;
      state_ = State::string;
      return;
    case '-': state_ = State::minus; return;
    case '0': state_ = State::zero; return;
    case 't': literal_ = "rue"; break;
    case 'f': literal_ = "alse"; break;
    case 'n': literal_ = "ull"; break;
    default: state_ = is_digit(c) ? State::integer : State::failed; return;
  }
  state_ = State::literal;
}

void SyntaxChecker::open(char bracket, State next)
{
  if (open_.size() == max_depth)
    return fail();
  open_.push_back(bracket);
  state_ = next;
}

void SyntaxChecker::close(char bracket)
{
  if (open_.empty() || open_.back() != bracket)
    return fail();
  open_.pop_back();
  end_value();
}

// Whether `c` belongs to the number; otherwise the number has ended, or cannot end here.
bool SyntaxChecker::take_number(char c)
{
  const bool may_end = state_ == State::zero || state_ == State::integer ||
                       state_ == State::fraction || state_ == State::exponent_digits;
  const bool has_no_exponent = may_end && state_ != State::exponent_digits;
  if (is_digit(c) && state_ != State::zero) {
    switch (state_) {
      case State::minus: state_ = c == '0' ? State::zero : State::integer; break;
      case State::point: state_ = State::fraction; break;
      case State::exponent:
      case State::exponent_sign: state_ = State::exponent_digits; break;
      default: break;
    }
    return true;
  }
  if (c == '.' && (state_ == State::zero || state_ == State::integer))
    state_ = State::point;
  else if ((c == 'e' || c == 'E') && has_no_exponent)
    state_ = State::exponent;
  else if ((c == '+' || c == '-') && state_ == State::exponent)
    state_ = State::exponent_sign;
  else {
    state_ = may_end ? State::after_value : State::failed;
    return false;
  }
  return true;
}

void SyntaxChecker::take_in_string(char c)
{
  if (state_ == State::unicode) {
    if (!is_hex_digit(c))
      return fail();
    if (--digits_ == 0)
      state_ = State::string;
  } else if (state_ == State::escape) {
    digits_ = 4;
    state_ = c == 'u'                                                           ? State::unicode
             : std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos ? State::string
                                                                                : State::failed;
  } else if (c == '"') {
    state_ = is_name_ ? State::colon : State::after_value;
  } else if (c == '\\') {
    state_ = State::escape;
  } else if (static_cast<unsigned char>(c) < 0x20) {
    fail();
  }
}

bool is_json(std::string_view text)
{
  SyntaxChecker checker;
  checker.feed(text);
  return checker.is_complete() && is_utf8(text);
}

bool is_json_object(std::string_view text)
{
  return detail::trim(text).starts_with('{') && is_json(text);
}

}  // namespace asyncllm::json
