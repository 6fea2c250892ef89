// HTTP header fields in the order they came; names are compared without regard to case.
#pragma once

#include <asyncllm/core/detail/text.hpp>

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

/// Names and values in one piece of memory, however many there are: each answer has a list of its
/// own. To be read like a vector of pairs; the views hold as long as the list does not change.
class HeaderList {
 public:
  /// Name and value.
  using Field = std::pair<std::string_view, std::string_view>;

  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    Iterator(const HeaderList& list, std::size_t at) : list_(&list), at_(at) {}

    Field operator*() const { return (*list_)[at_]; }
    Iterator& operator++()
    {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(*list_, at_++); }
    bool operator==(const Iterator&) const = default;

   private:
    const HeaderList* list_ = nullptr;
    std::size_t at_ = 0;
  };

  HeaderList() = default;
  HeaderList(std::initializer_list<Field> fields)
  {
    for (const auto& [name, value] : fields)
      emplace_back(name, value);
  }

  /// `name` and `value` must not lie in this list.
  void emplace_back(std::string_view name, std::string_view value)
  {
    text_.append(name).append(value);
    ends_.push_back({text_.size() - value.size(), text_.size()});
  }
  /// Makes room for so many fields, of so many bytes in all.
  void reserve(std::size_t fields, std::size_t bytes)
  {
    ends_.reserve(fields);
    text_.reserve(bytes);
  }
  void append(const HeaderList& other)
  {
    for (const auto& [name, value] : other)
      emplace_back(name, value);
  }

  /// These fields but for those whose names are in `other`, and then all of `other`.
  HeaderList replaced_by(const HeaderList& other) const
  {
    HeaderList result;
    for (const auto& [name, value] : *this)
      if (!other.contains(name))
        result.emplace_back(name, value);
    result.append(other);
    return result;
  }
  bool contains(std::string_view name) const
  {
    for (const auto& field : *this)
      if (detail::equal_ignoring_case(field.first, name))
        return true;
    return false;
  }

  Field operator[](std::size_t index) const
  {
    const std::string_view text = text_;
    const auto begin = index == 0 ? 0 : ends_[index - 1].value;
    const auto [name_end, value_end] = ends_[index];
    return {text.substr(begin, name_end - begin), text.substr(name_end, value_end - name_end)};
  }
  /// The value of the first field of that name, if there is one.
  std::optional<std::string_view> find(std::string_view name) const
  {
    for (const auto& [field, value] : *this)
      if (detail::equal_ignoring_case(field, name))
        return value;
    return std::nullopt;
  }
  std::size_t size() const noexcept { return ends_.size(); }
  bool empty() const noexcept { return ends_.empty(); }
  Iterator begin() const { return Iterator(*this, 0); }
  Iterator end() const { return Iterator(*this, size()); }

  bool operator==(const HeaderList&) const = default;

 private:
  struct Ends {
    std::size_t name, value;
    bool operator==(const Ends&) const = default;
  };

  std::string text_;
  std::vector<Ends> ends_;
};

}  // namespace asyncllm
