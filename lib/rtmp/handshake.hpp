#pragma once
// The handshake (Adobe RTMP 1.0 section 5.2), the plain one and the one with digests that Flash Player 9 brought: C1 and S1
// then hold an HMAC-SHA256 at a place that bytes 8-11 (scheme 0) or 772-775 (scheme 1) give, and C2 and S2 end with one
// keyed by the other's digest.
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/snapshot.hpp"

namespace sluice::rtmp {

inline constexpr std::size_t handshake_size = 1536;  // of C1, C2, S1 and S2

// Where the digest of a C1 or S1 lies: 32 bytes at the offset returned.
enum class DigestScheme { zero, one };
std::size_t digest_offset(ByteView c1, DigestScheme scheme);

// The scheme by which `c1` carries a digest made with `key`, if it does.
std::optional<DigestScheme> find_digest(ByteView c1, ByteView key);
void write_digest(std::span<std::byte> c1, DigestScheme scheme, ByteView key);
// The last 32 bytes of a C2 or S2 that answers a C1 or S1 with this digest.
void write_response_digest(std::span<std::byte> c2, ByteView peer_digest, ByteView key);
bool check_response_digest(ByteView c2, ByteView own_digest, ByteView key);

// The keys: 30 and 36 letters; with the 32 bytes that follow them, for C2 and S2.
ByteView player_key();
ByteView player_key_whole();
ByteView server_key();
ByteView server_key_whole();

inline constexpr std::byte c0{3};  // the version, and the first byte of a peer that speaks RTMP in clear

// The server's side. C0 and C1 in, S0, S1 and S2 out; then C2 in.
class ServerHandshake {
 public:
  // `rtmps_port`: where TLS is spoken, for who tries that here; 0: nowhere that is known.
  explicit ServerHandshake(Random& random, std::uint16_t rtmps_port = 0) : random_(random), rtmps_port_(rtmps_port) {}

  // Takes what belongs to the handshake off the front of `in`, appends what is to be sent. Errors (Errc::invalid): not an
  // RTMP peer, or one that wants encryption. C2 is not held against a peer: programs send what they like in it.
  Result<> receive(ByteView& in, Bytes& out);
  bool done() const { return state_ == State::done; }
  bool digests() const { return scheme_.has_value(); }

  void save(SnapshotWriter& out) const;
  void restore(SnapshotReader& in);

 private:
  enum class State { c0, c1, c2, done };
  template <class Self, class Archive>
  static void fields(Self& self, Archive& archive);
  void answer(Bytes& out);

  Random& random_;
  std::uint16_t rtmps_port_;
  State state_ = State::c0;
  Bytes c1_;
  std::size_t c2_left_ = handshake_size;
  std::optional<DigestScheme> scheme_;
};

// The client's side. start() gives C0 and C1; S0, S1 and S2 in, C2 out.
class ClientHandshake {
 public:
  ClientHandshake(Random& random, bool digests, DigestScheme scheme = DigestScheme::zero)
      : random_(random), digests_(digests), scheme_(scheme) {}

  void start(Bytes& out);
  // Errors (Errc::invalid): the server speaks another version, or its S2 does not answer our digest though its S1 has one.
  Result<> receive(ByteView& in, Bytes& out);
  bool done() const { return done_; }
  bool server_digests() const { return server_digests_; }

 private:
  Random& random_;
  bool digests_;
  DigestScheme scheme_;
  Bytes c1_;
  Bytes in_;  // S0, S1, S2 so far
  bool done_ = false;
  bool server_digests_ = false;
};

}  // namespace sluice::rtmp
