#include "app/certificate.hpp"

#include "base/clock.hpp"
#include "log/log.hpp"
#include "os/file.hpp"

namespace sluice::app {

std::vector<Option> certificate_options(const std::string& what) {
  return {
      {.name = "tls-cert", .kind = Kind::path, .metavar = "FILE", .help = "the certificate for " + what + " and those that it was signed by, PEM; without it a platform makes one of its own in DIR/tls", .reloads = true},
      {.name = "tls-key", .kind = Kind::path, .metavar = "FILE", .help = "the certificate's key, PEM", .reloads = true},
  };
}

Result<CertificateFiles> certificate_files(const Settings& settings, const std::string& dir) {
  if (settings.has("tls-cert") != settings.has("tls-key"))
    return fail(Errc::config, "a certificate and its key go together", "give --tls-cert FILE and --tls-key FILE");
  if (settings.has("tls-cert")) return CertificateFiles{settings.text("tls-cert"), settings.text("tls-key"), false};
  if (dir.empty()) return CertificateFiles{};
  return CertificateFiles{dir + "/tls/cert.pem", dir + "/tls/key.pem", true};
}

Result<std::shared_ptr<const net::TlsContext>> load_certificate(const CertificateFiles& files, const std::string& who) {
  if (files.none()) return nullptr;
  if (files.own) {
    SLUICE_TRY(os::make_directories(files.certificate.substr(0, files.certificate.rfind('/')), 0700));
    SLUICE_TRY(net::make_self_signed(files.certificate, files.key));
  }
  SLUICE_TRY_VALUE(auto loaded, net::TlsContext::load(files.certificate, files.key));
  if (loaded->expires() < system_clock().wall())
    log::warn("the certificate has expired: " + who + " that look will not connect",
              {{"certificate", files.certificate}, {"expired", format_rfc3339(loaded->expires())}});
  return loaded;
}

}  // namespace sluice::app
