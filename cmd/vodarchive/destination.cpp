#include "destination.hpp"

#include <sys/stat.h>

#include "os/file.hpp"

namespace sluice::vodarchive {
namespace {

// Who else may be able to read a file with keys: nobody. The access list by which systemd gives a credential to its unit's user shows as
// rights of the group (LoadCredential of systemd.exec(5)).
mode_t forbidden(const std::string& path) {
  const auto folder = app::process_environment()("CREDENTIALS_DIRECTORY");
  return folder && !folder->empty() && path.starts_with(*folder + "/") ? 007 : 077;
}

}  // namespace

Result<s3::Credentials> credentials_of(const app::Settings& settings) {
  if (!settings.has("s3-credentials")) {
    return s3::credentials_from([](const std::string& variable) { return app::process_environment()(variable); });
  }
  const std::string path = settings.text("s3-credentials");
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & forbidden(path)) != 0)
    return fail(Errc::config, path + " can be read by others than its owner", "chmod 600 " + path);
  auto text = os::read_file(path);
  if (!text) return fail(Errc::config, text.error().what, "see --s3-credentials");
  return s3::parse_credentials(*text, path);
}

Result<archive::Destination> destination_of(const app::Settings& settings) {
  if (!settings.has("vod")) return fail(Errc::usage, "--vod is missing", "give --vod s3://BUCKET, or set SLUICE_VOD");
  if (settings.text("vod").starts_with("file:"))
    return fail(Errc::usage, "--vod file: needs no upload", "ledgers are on disk already; give s3://BUCKET");
  archive::Destination out;
  SLUICE_TRY_VALUE(out.place, s3::parse_place(settings.text("vod")));
  SLUICE_TRY_VALUE(out.service, s3::parse_service(settings.text("s3-endpoint"), settings.text("s3-region")));
  SLUICE_TRY_VALUE(out.credentials, credentials_of(settings));
  return out;
}

archive::Limits limits_of(const app::Settings& settings) {
  archive::Limits limits;
  limits.at_once = static_cast<std::size_t>(settings.integer("at-once"));
  limits.patience = settings.duration("upload-time");
  return limits;
}

}  // namespace sluice::vodarchive
