# The target `docs`: a page for each public name, made by Doxygen from the headers and docs/.
find_package(Doxygen 1.9 REQUIRED)

set(DOXYGEN_PROJECT_BRIEF "${PROJECT_DESCRIPTION}")
set(DOXYGEN_STRIP_FROM_PATH "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}")
set(DOXYGEN_STRIP_FROM_INC_PATH "${PROJECT_SOURCE_DIR}/include")
set(DOXYGEN_USE_MDFILE_AS_MAINPAGE "${PROJECT_SOURCE_DIR}/README.md")
set(DOXYGEN_EXCLUDE_PATTERNS "*/detail/*" "*/impl/*" "*/src.hpp")
set(DOXYGEN_EXCLUDE_SYMBOLS "*::detail" "*::detail::*" "asyncllm::client::*")
# Doxygen does not know `namespace a::inline b`; each section of a contract is a paragraph.
string(JOIN " " DOXYGEN_INPUT_FILTER sed -E
  "-e 's/::inline v[0-9_]+//'"
  "-e 's,^( */// )(Result|Throws|Throws also|Result. Throws|Cancellation|Lifetimes|Threads|Default): ,\\1<br><b>\\2:</b> ,'")
set(DOXYGEN_MACRO_EXPANSION YES)
set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
set(DOXYGEN_PREDEFINED "ASYNCLLM_EXPORT=")
set(DOXYGEN_EXTRACT_ALL YES)           # a short function needs no comment of its own
set(DOXYGEN_EXTRACT_STATIC YES)
set(DOXYGEN_INLINE_INHERITED_MEMB YES)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_SORT_MEMBER_DOCS NO)
set(DOXYGEN_GENERATE_LATEX NO)
set(DOXYGEN_GENERATE_TREEVIEW YES)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_QUIET YES)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
doxygen_add_docs(docs
  README.md CHANGELOG.md docs tests/concurrency/conformance.md include/asyncllm)
