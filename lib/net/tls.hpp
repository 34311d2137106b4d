#pragma once
// TLS for servers (OpenSSL; TLS 1.2 and 1.3), sans-IO: what a peer sent goes in, what it meant comes out, and what is to be
// sent back. The socket stays its owner's.
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace sluice::net {

// A certificate with its key. Sessions keep the one they began with, so another can take its place at any time.
class TlsContext {
 public:
  // PEM files: the certificate with those that it was signed by behind it, and its key, which no passphrase protects. The error
  // names the file.
  static Result<std::shared_ptr<const TlsContext>> load(const std::string& certificate, const std::string& key);
  ~TlsContext();
  Wall expires() const { return expires_; }
  ssl_ctx_st* get() const { return context_; }

 private:
  TlsContext() = default;
  ssl_ctx_st* context_ = nullptr;
  Wall expires_{};
};

class TlsSession {
 public:
  static constexpr std::size_t record_size = 16 * 1024;  // the most plain bytes that one record carries

  explicit TlsSession(const TlsContext& context);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Takes bytes of the peer and appends what they mean to `plain`. Errc::invalid: not TLS, seen by its first byte, or broken, or more than 64 KB before the
  // handshake is done; take_output() may then hold an alert.
  Result<> receive(ByteView bytes, Bytes& plain);
  void send(ByteView plain);  // once established; nothing before
  void close();               // says that nothing more will be sent
  Bytes take_output();
  bool begun() const { return handshake_bytes_ > 0; }  // the peer has said something
  bool established() const;
  bool ended() const { return ended_; }  // the peer said that it will send nothing more

 private:
  ssl_st* session_ = nullptr;
  std::size_t handshake_bytes_ = 0;
  bool ended_ = false;
};

// Makes a certificate that nobody else has signed, for this host's name, localhost and the loopback addresses, valid for ten years,
// and its key (0600), where there is no certificate; a key that is there alone gets one. What is there is never replaced, not a link that leads
// nowhere and not a file with nothing in it: Errc::config says what to do. A pair that does not fit is TlsContext::load()'s to tell of. Where nothing
// is to be made nothing is written; processes that start at once take turns.
Result<> make_self_signed(const std::string& certificate, const std::string& key);

}  // namespace sluice::net
