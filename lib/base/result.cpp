#include "base/result.hpp"

#include <cerrno>
#include <cstring>

namespace sluice {

namespace {
Errc errc_of(int errnum) {
  switch (errnum) {
    case ENOENT:
    case ENOTDIR:
      return Errc::not_found;
    case EEXIST:
      return Errc::exists;
    case EACCES:
    case EPERM:
      return Errc::denied;
    case ECONNREFUSED:
    case ETIMEDOUT:
    case EAGAIN:
    case EADDRINUSE:  // until its holder ends
      return Errc::unavailable;
    default:
      return Errc::io;
  }
}
}  // namespace

std::unexpected<Error> fail_errno(int errnum, std::string_view what, std::string hint) {
  char buffer[128];
  std::string text(what);
  text += ": ";
  text += ::strerror_r(errnum, buffer, sizeof buffer);
  return fail(errc_of(errnum), std::move(text), std::move(hint));
}

std::unexpected<Error> fail_errno(std::string_view what, std::string hint) {
  return fail_errno(errno, what, std::move(hint));
}

std::string to_string(const Error& error) {
  return error.hint.empty() ? error.what : error.what + " (" + error.hint + ")";
}

std::string_view name(Errc code) {
  switch (code) {
    case Errc::usage: return "usage";
    case Errc::config: return "config";
    case Errc::invalid: return "invalid";
    case Errc::not_found: return "not_found";
    case Errc::exists: return "exists";
    case Errc::conflict: return "conflict";
    case Errc::denied: return "denied";
    case Errc::io: return "io";
    case Errc::unavailable: return "unavailable";
    case Errc::internal: return "internal";
  }
  return "internal";
}

}  // namespace sluice
