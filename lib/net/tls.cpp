#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>

namespace sluice::net {

namespace {

constexpr std::size_t most_handshake_bytes = 64 * 1024;

// RFC 8446, 5.1: a record's type; or RFC 5246, E.2: a hello in SSL 2.0's form, which OpenSSL answers with an alert.
bool begins_handshake(std::byte first) { return first == std::byte{22} || (first & std::byte{0x80}) != std::byte{0}; }

// The reason that OpenSSL gives, and none of its file names.
std::string reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = ERR_reason_error_string(code);
  ERR_clear_error();
  return text != nullptr ? text : "unknown";
}

// The first thing that went wrong says most: what follows is how OpenSSL's layers pass it on.
std::unexpected<Error> unusable(const std::string& what, const std::string& path) {
  const unsigned long first = ERR_peek_error();
  if (ERR_SYSTEM_ERROR(first)) {
    ERR_clear_error();
    auto error = fail_errno(ERR_GET_REASON(first), fmt::format("read {} {}", what, path));
    error.error().code = Errc::config;
    return error;
  }
  const int library = ERR_GET_LIB(first), reason_code = ERR_GET_REASON(first);
  if ((library == ERR_LIB_PEM && reason_code == PEM_R_NO_START_LINE) || (library == ERR_LIB_OSSL_DECODER && reason_code == ERR_R_UNSUPPORTED)) {
    ERR_clear_error();
    return fail(Errc::config, fmt::format("{0} {1} cannot be used: no {0} stands in it", what, path), "PEM is expected: a text that begins with -----BEGIN");
  }
  return fail(Errc::config, fmt::format("{} {} cannot be used: {}", what, path, reason()), "PEM is expected, without a passphrase");
}

int no_passphrase(char*, int, int, void*) { return 0; }

Wall expiry_of(SSL_CTX* context) {
  tm at{};
  const X509* certificate = SSL_CTX_get0_certificate(context);
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &at) != 1) return Wall::max();
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::from_time_t(::timegm(&at)));
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const std::string& certificate, const std::string& key) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> made(new TlsContext);
  SSL_CTX* context = made->context_ = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return fail(Errc::internal, "OpenSSL cannot be set up: " + reason());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);  // never asks on the terminal
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) return unusable("certificate", certificate);
  const bool read = SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1;
  if (read ? SSL_CTX_check_private_key(context) != 1 : ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509) {
    ERR_clear_error();
    return fail(Errc::config, fmt::format("key {} is not that of certificate {}", key, certificate), "a certificate is good with the key it was made with only");
  }
  if (!read) return unusable("key", key);
  made->expires_ = expiry_of(context);
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsSession::TlsSession(const TlsContext& context) : session_(SSL_new(context.get())) {
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(in, -1);  // more may come
  SSL_set_bio(session_, in, out);
  SSL_set_accept_state(session_);
}

TlsSession::~TlsSession() { SSL_free(session_); }

bool TlsSession::established() const { return SSL_is_init_finished(session_); }

Result<> TlsSession::receive(ByteView bytes, Bytes& plain) {
  ERR_clear_error();
  if (!begun() && !bytes.empty() && !begins_handshake(bytes.front()))
    return fail(Errc::invalid, fmt::format("not TLS: the first byte is {:#04x}", static_cast<unsigned>(bytes.front())));
  if (!established()) {
    handshake_bytes_ += bytes.size();
    if (handshake_bytes_ > most_handshake_bytes) return fail(Errc::invalid, "the TLS handshake is longer than 64 KB");
  }
  if (BIO_write(SSL_get_rbio(session_), bytes.data(), static_cast<int>(bytes.size())) != static_cast<int>(bytes.size()))
    return fail(Errc::internal, "no memory for TLS");
  std::array<std::byte, TlsSession::record_size> record;
  for (;;) {
    const int size = SSL_read(session_, record.data(), static_cast<int>(record.size()));
    if (size > 0) {
      append(plain, ByteView(record).first(static_cast<std::size_t>(size)));
      continue;
    }
    switch (SSL_get_error(session_, size)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE: return {};
      case SSL_ERROR_ZERO_RETURN: ended_ = true; return {};
      default: return fail(Errc::invalid, fmt::format("{}: {}", established() ? "TLS" : "TLS handshake", reason()));
    }
  }
}

void TlsSession::send(ByteView plain) {
  if (!established() || plain.empty()) return;
  ERR_clear_error();
  SSL_write(session_, plain.data(), static_cast<int>(plain.size()));  // memory takes it all
}

void TlsSession::close() {
  if (established()) SSL_shutdown(session_);
  ERR_clear_error();
}

Bytes TlsSession::take_output() {
  BIO* out = SSL_get_wbio(session_);
  Bytes bytes(BIO_ctrl_pending(out));
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

}  // namespace sluice::net
