#pragma once
// Result: what a call that can fail returns. Errors are values until the one place that reports them.
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

// What kind of failure; decides the exit code of a tool (app/exit_code.hpp) and the status of an HTTP answer.
enum class Errc {
  usage,        // the command line is wrong                               exit 2
  config,       // a setting or configuration file is wrong                exit 2
  invalid,      // the data is malformed or breaks its format's rules      exit 1
  not_found,    // the named thing does not exist                          exit 1
  exists,       // it already exists, or is already so                     exit 1
  conflict,     // somebody else changed it first (optimistic version)     exit 1
  denied,       // wrong key, token or role                                exit 1
  io,           // the operating system refused                            exit 1
  unavailable,  // a dependency is away, a port is taken: try again        exit 75
  internal,     // a broken promise of our own                             exit 1
};

struct Error {
  Errc code = Errc::internal;
  std::string what;  // what was tried, on what, and how it failed: "open /x/index: No such file or directory"
  std::string hint;  // what to do next; empty where nothing useful can be said
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string what, std::string hint = {}) {
  return std::unexpected(Error{code, std::move(what), std::move(hint)});
}

// An Errc::io (or not_found, denied, exists) error from errno: "<what>: <strerror>".
std::unexpected<Error> fail_errno(std::string_view what, std::string hint = {});
std::unexpected<Error> fail_errno(int errnum, std::string_view what, std::string hint = {});

// "what (hint)" for logs.
std::string to_string(const Error& error);
std::string_view name(Errc code);

}  // namespace sluice

// Returns early with the error of a Result<void>-like expression.
#define SLUICE_TRY(expression)                                                    \
  do {                                                                            \
    if (auto sluice_try_result = (expression); !sluice_try_result)                \
      return std::unexpected(std::move(sluice_try_result).error());               \
  } while (false)

// SLUICE_TRY_VALUE(auto x, f()): binds the value or returns early with the error.
#define SLUICE_TRY_CONCAT2(a, b) a##b
#define SLUICE_TRY_CONCAT(a, b) SLUICE_TRY_CONCAT2(a, b)
#define SLUICE_TRY_VALUE(declaration, expression)                                                           \
  auto SLUICE_TRY_CONCAT(sluice_try_, __LINE__) = (expression);                                             \
  if (!SLUICE_TRY_CONCAT(sluice_try_, __LINE__))                                                            \
    return std::unexpected(std::move(SLUICE_TRY_CONCAT(sluice_try_, __LINE__)).error());                    \
  declaration = *std::move(SLUICE_TRY_CONCAT(sluice_try_, __LINE__))
