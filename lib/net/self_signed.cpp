#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <thread>

#include "net/tls.hpp"
#include "os/file.hpp"

namespace sluice::net {

namespace {

constexpr long day = 24 * 60 * 60, valid_days = 3650;
constexpr seconds turn_patience{10};
constexpr milliseconds turn_pause{20};

template <auto free>
struct Free {
  void operator()(auto* object) const { free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Buffer = std::unique_ptr<BIO, Free<BIO_free_all>>;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  const std::string_view text(name.data());
  const bool plain = !text.empty() && text.size() <= 63 && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == std::string_view::npos;
  return plain ? std::string(text) : "localhost";
}

bool extend(X509* certificate, int what, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// RFC 5280: version 3, a random serial, EC P-256 signed with SHA-256.
Certificate sign(EVP_PKEY* key, const std::string& host) {
  Certificate certificate(X509_new());
  X509* x = certificate.get();
  std::array<unsigned char, 16> serial;
  if (x == nullptr || RAND_bytes(serial.data(), serial.size()) != 1) return nullptr;
  serial[0] &= 0x7f;
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  X509_NAME* name = X509_get_subject_name(x);
  const bool done = X509_set_version(x, 2) == 1 && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x)) != nullptr &&
                    X509_gmtime_adj(X509_getm_notBefore(x), -day) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(x), valid_days * day) != nullptr && X509_set_pubkey(x, key) == 1 &&
                    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0) == 1 &&
                    X509_set_issuer_name(x, name) == 1 &&
                    extend(x, NID_subject_alt_name, fmt::format("DNS:{},DNS:localhost,IP:127.0.0.1,IP:::1", host)) &&
                    extend(x, NID_ext_key_usage, "serverAuth") && X509_sign(x, key, EVP_sha256()) > 0;
  return done ? std::move(certificate) : nullptr;
}

std::string content_of(BIO* buffer) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(buffer, &data);
  return {data, static_cast<std::size_t>(std::max(0L, size))};
}

Buffer reading(const std::string& text) { return Buffer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// A file's content, or nothing where there is no file. One that may not be read is not ours to replace, nor is a link that leads nowhere just now,
// or a file that somebody is about to fill: both are as a file with nothing in it.
Result<std::optional<std::string>> content_at(const std::string& path) {
  auto content = os::read_file(path);
  if (content) return std::optional(std::move(*content));
  if (content.error().code != Errc::not_found) return std::unexpected(content.error());
  struct stat link;
  return ::lstat(path.c_str(), &link) == 0 ? std::optional<std::string>("") : std::nullopt;
}

struct Found {
  bool certificate = false;  // nothing is to be made
  Key key;                   // without a certificate: what a start that was cut short has left, or somebody has put there
};

// What is there is somebody's, and never replaced: whether it fits is said by who loads it.
Result<Found> look(const std::string& certificate_path, const std::string& key_path) {
  SLUICE_TRY_VALUE(const auto certificate_text, content_at(certificate_path));
  SLUICE_TRY_VALUE(const auto key_text, content_at(key_path));
  if (certificate_text && certificate_text->empty())
    return fail(Errc::config, "there is nothing in the certificate " + certificate_path, "put one there, with its key beside it, or remove the file for one to be made");
  Found found{.certificate = certificate_text.has_value()};
  if (!found.certificate && key_text) {
    found.key.reset(PEM_read_bio_PrivateKey(reading(*key_text).get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!found.key) return fail(Errc::config, key_path + " holds no private key, and there is no certificate beside it", "put a pair there, or remove the file for one to be made");
  }
  return found;
}

// Another node that starts in the same place makes its pair between two files of ours.
Result<os::FileLock> take_turn(const std::string& certificate_path) {
  const Steady until = std::chrono::steady_clock::now() + turn_patience;
  for (;;) {
    auto turn = os::FileLock::try_lock(certificate_path + ".lock");
    if (turn || turn.error().code != Errc::conflict || std::chrono::steady_clock::now() >= until) return turn;
    std::this_thread::sleep_for(turn_pause);
  }
}

Result<> make(const std::string& certificate_path, const std::string& key_path, Key key) {
  const bool fresh = !key;
  if (fresh) key.reset(EVP_EC_gen("P-256"));
  const Certificate certificate = key ? sign(key.get(), host_name()) : nullptr;
  const Buffer key_pem(BIO_new(BIO_s_mem())), certificate_pem(BIO_new(BIO_s_mem()));
  if (!certificate || PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_pem.get(), certificate.get()) != 1)
    return fail(Errc::internal, "OpenSSL cannot make a certificate");
  if (fresh) SLUICE_TRY(os::write_file_atomically(key_path, content_of(key_pem.get()), 0600));
  return os::write_file_atomically(certificate_path, content_of(certificate_pem.get()), 0644);
}

Result<> make_in_turn(const std::string& certificate_path, const std::string& key_path) {
  SLUICE_TRY_VALUE(const os::FileLock turn, take_turn(certificate_path));
  SLUICE_TRY_VALUE(Found found, look(certificate_path, key_path));  // made by another while we waited
  return found.certificate ? Result<>() : make(certificate_path, key_path, std::move(found.key));
}

}  // namespace

Result<> make_self_signed(const std::string& certificate_path, const std::string& key_path) {
  // A certificate is looked for before the lock, which wants a folder that can be written to.
  SLUICE_TRY_VALUE(const Found found, look(certificate_path, key_path));
  if (found.certificate) return {};
  auto made = make_in_turn(certificate_path, key_path);
  if (!made && made.error().hint.empty()) made.error().hint = "a certificate is made there: let this user write to the folder, or give one of yours";
  return made;
}

}  // namespace sluice::net
