#include "remote_settings.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/text.hpp"
#include "os/file.hpp"

namespace sluice::transcode {

namespace {
Result<std::string> read_secret_file(const app::Settings& settings, std::string_view option) {
  const std::string path = settings.text(option);
  SLUICE_TRY_VALUE(std::string content, os::read_file(path));
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & S_IROTH) != 0)
    return fail(Errc::config, fmt::format("everybody can read {}", path), "chmod 600 it, and make another secret if others were on this machine");
  return content;
}
}  // namespace

Result<RemoteSettings> remote_settings(const app::Settings& settings, std::string_view option) {
  SLUICE_TRY_VALUE(redis::Url url, redis::parse_url(settings.text(option)));
  if (!url.password.empty() && settings.origin(option) == "command line")
    return fail(Errc::config, fmt::format("--{}: a password on the command line can be seen by everybody", option), "put it into a file: --redis-password-file FILE");
  if (settings.has("redis-password-file")) {
    SLUICE_TRY_VALUE(const std::string content, read_secret_file(settings, "redis-password-file"));
    url.password = trim(std::string_view(content).substr(0, content.find_first_of("\r\n")));
    if (url.password.empty()) return fail(Errc::config, settings.text("redis-password-file") + " holds no password");
  }
  const std::string queue = settings.text("queue");
  if (queue.empty() || !std::ranges::all_of(queue, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }))
    return fail(Errc::config, fmt::format("--queue '{}' is no name", queue), "take lower-case letters, digits and '-'");
  if (!settings.has("secret-file"))
    return fail(Errc::config, fmt::format("--{} wants a --secret-file", option), "make one, the same for all machines: openssl rand -hex 32");
  SLUICE_TRY_VALUE(const std::string content, read_secret_file(settings, "secret-file"));
  auto secret = relay::Secret::of(content);
  if (!secret) return fail(Errc::config, settings.text("secret-file") + ": " + secret.error().what, secret.error().hint);
  const milliseconds peer_time = settings.duration("peer-time");
  if (peer_time < seconds(2)) return fail(Errc::config, "--peer-time must be 2s or more", "each side says a beat every second");
  return RemoteSettings{std::move(url), queue, std::move(*secret), peer_time};
}

}  // namespace sluice::transcode
