// The macros behind ASYNCLLM_DESCRIBE: apply one to each of up to 256 arguments.
#pragma once

#define ASYNCLLM_DETAIL_PARENS ()
#define ASYNCLLM_DETAIL_EXPAND(...) \
  ASYNCLLM_DETAIL_EXPAND3(          \
      ASYNCLLM_DETAIL_EXPAND3(ASYNCLLM_DETAIL_EXPAND3(ASYNCLLM_DETAIL_EXPAND3(__VA_ARGS__))))
#define ASYNCLLM_DETAIL_EXPAND3(...) \
  ASYNCLLM_DETAIL_EXPAND2(           \
      ASYNCLLM_DETAIL_EXPAND2(ASYNCLLM_DETAIL_EXPAND2(ASYNCLLM_DETAIL_EXPAND2(__VA_ARGS__))))
#define ASYNCLLM_DETAIL_EXPAND2(...) \
  ASYNCLLM_DETAIL_EXPAND1(           \
      ASYNCLLM_DETAIL_EXPAND1(ASYNCLLM_DETAIL_EXPAND1(ASYNCLLM_DETAIL_EXPAND1(__VA_ARGS__))))
#define ASYNCLLM_DETAIL_EXPAND1(...) __VA_ARGS__

#define ASYNCLLM_DETAIL_EACH(macro, Type, ...) \
  __VA_OPT__(ASYNCLLM_DETAIL_EXPAND(ASYNCLLM_DETAIL_NEXT(macro, Type, __VA_ARGS__)))
#define ASYNCLLM_DETAIL_NEXT(macro, Type, first, ...) \
  macro(Type, first)                                  \
      __VA_OPT__(, ASYNCLLM_DETAIL_AGAIN ASYNCLLM_DETAIL_PARENS(macro, Type, __VA_ARGS__))
#define ASYNCLLM_DETAIL_AGAIN() ASYNCLLM_DETAIL_NEXT

#define ASYNCLLM_DETAIL_CAT(a, b) ASYNCLLM_DETAIL_CAT1(a, b)
#define ASYNCLLM_DETAIL_CAT1(a, b) a##b

// 1 for (a, b), 0 for a.
#define ASYNCLLM_DETAIL_IS_PAIR(argument) \
  ASYNCLLM_DETAIL_SECOND(ASYNCLLM_DETAIL_PROBE argument, 0, 0)
#define ASYNCLLM_DETAIL_PROBE(...) 0, 1
#define ASYNCLLM_DETAIL_SECOND(...) ASYNCLLM_DETAIL_SECOND1(__VA_ARGS__)
#define ASYNCLLM_DETAIL_SECOND1(a, b, ...) b

#define ASYNCLLM_DETAIL_MEMBERS(Type, ...) \
  ASYNCLLM_DETAIL_EACH(ASYNCLLM_DETAIL_MEMBER, Type, __VA_ARGS__)
#define ASYNCLLM_DETAIL_MEMBER(Type, argument) \
  ASYNCLLM_DETAIL_CAT(ASYNCLLM_DETAIL_MEMBER_, ASYNCLLM_DETAIL_IS_PAIR(argument))(Type, argument)
#define ASYNCLLM_DETAIL_MEMBER_0(Type, name) ::asyncllm::schema::member(#name, &Type::name)
#define ASYNCLLM_DETAIL_MEMBER_1(Type, pair) \
  ASYNCLLM_DETAIL_MEMBER_2(Type, ASYNCLLM_DETAIL_EXPAND1 pair)
#define ASYNCLLM_DETAIL_MEMBER_2(Type, pair) ASYNCLLM_DETAIL_MEMBER_3(Type, pair)
#define ASYNCLLM_DETAIL_MEMBER_3(Type, name, description) \
  ::asyncllm::schema::member(#name, &Type::name, description)

#define ASYNCLLM_DETAIL_VALUES(Type, ...) \
  ASYNCLLM_DETAIL_EACH(ASYNCLLM_DETAIL_VALUE, Type, __VA_ARGS__)
#define ASYNCLLM_DETAIL_VALUE(Type, name) \
  ::asyncllm::schema::EnumValue<Type>     \
  {                                       \
    #name, Type::name                     \
  }
