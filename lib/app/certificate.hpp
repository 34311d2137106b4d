#pragma once
// The certificate that a daemon shows: --tls-cert and --tls-key, or the platform's own in DIR/tls.
#include <memory>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "net/tls.hpp"

namespace sluice::app {

// The rows --tls-cert and --tls-key, `what` said of what they are for: "RTMPS". Both reload.
std::vector<Option> certificate_options(const std::string& what);

struct CertificateFiles {
  std::string certificate, key;  // empty: none
  bool own = false;              // the platform's: made where they are missing
  bool none() const { return certificate.empty(); }
};
// `dir`: the platform's; empty where there is none, and then nothing is shown but what was named. Errc::config: one file without the other.
Result<CertificateFiles> certificate_files(const Settings& settings, const std::string& dir);

// Null for none. An expired one is told of in the log, with who will not connect: "publishers".
Result<std::shared_ptr<const net::TlsContext>> load_certificate(const CertificateFiles& files, const std::string& who);

}  // namespace sluice::app
