#pragma once
// Snapshot: what an object knows, as bytes that one process writes and its successor reads (an upgrade under way). Each class saves
// a section of its own with a name and a version, and restores itself from it. A reader believes nothing: an unknown section or
// version, bytes that end early, a number out of range are kept as one error, told by finish(); what is read after it is zero.
//
// Knows numbers (all as 8 bytes, big-endian), enums by choice() or with a last_choice(Enum), durations, time points, strings, bytes, the containers below, pointers
// to something shared (written once, shared again when read), and classes with
//   void save(SnapshotWriter&) const; void restore(SnapshotReader&);
// or a function fields(archive, object) that names their members to either side.
#include <bit>
#include <chrono>
#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace sluice {

class SnapshotWriter;
class SnapshotReader;

namespace snapshot {
template <class T>
concept Saves = requires(const T& object, SnapshotWriter& out) { object.save(out); };
template <class T>
concept Restores = requires(T& object, SnapshotReader& in) { object.restore(in); };
template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;
template <class T>
concept Duration = requires { typename T::period; } && requires(T d) { d.count(); };
template <class T>
concept TimePoint = requires(T t) { t.time_since_epoch(); };
template <class T>
concept Map = requires { typename T::mapped_type; };
template <class T>
concept Container = requires(T t) { t.begin(); t.size(); t.insert(t.end(), *t.begin()); };
template <class T>
concept Pair = requires(T t) { t.first; t.second; };
template <class T>
concept Optional = requires(T t) { t.has_value(); t.reset(); };
template <class T>
concept Shared = requires(T t) { typename T::element_type; t.use_count(); };
}  // namespace snapshot

class SnapshotWriter {
 public:
  explicit SnapshotWriter(Bytes& out) : write_(out) {}
  // Where the bytes go, in order: what is large as it lies, without a copy here. finish() gives it the last of them.
  using Sink = std::function<void(ByteView)>;
  explicit SnapshotWriter(Sink sink) : sink_(std::move(sink)), write_(buffer_) {}
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;
  void finish() {
    if (sink_) flush();
  }

  void section(std::string_view name, std::uint16_t version);
  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  template <class Enum>
  void choice(const Enum& value, Enum) {
    write_.be64(static_cast<std::uint64_t>(value));
  }
  // Bytes that something else keeps alive: a reader's lie in the snapshot.
  void view(const std::shared_ptr<const void>&, const ByteView& data) { put_bytes(data); }
  void check(bool, std::string_view) {}

 private:
  static constexpr std::size_t buffered = 16 * 1024;  // for a sink

  void put_bytes(ByteView bytes) {
    write_.be64(bytes.size());
    if (sink_ && buffer_.size() + bytes.size() >= buffered) {
      flush();
      return sink_(bytes);
    }
    write_.bytes(bytes);
  }
  void flush() {
    sink_(buffer_);
    buffer_.clear();
  }

  template <class T>
  void put(const T& value) {
    if constexpr (snapshot::Saves<T>) {
      value.save(*this);
    } else if constexpr (std::same_as<T, bool> || snapshot::Number<T>) {
      write_.be64(static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_enum_v<T>) {
      choice(value, last_choice(value));
    } else if constexpr (std::same_as<T, double>) {
      write_.be_double(value);
    } else if constexpr (std::same_as<T, std::string>) {
      put_bytes(as_bytes(value));
    } else if constexpr (std::same_as<T, Bytes>) {
      put_bytes(value);
    } else if constexpr (snapshot::Duration<T>) {
      write_.be64(static_cast<std::uint64_t>(value.count()));
    } else if constexpr (snapshot::TimePoint<T>) {
      put(value.time_since_epoch());
    } else if constexpr (snapshot::Optional<T>) {
      put(value.has_value());
      if (value) put(*value);
    } else if constexpr (snapshot::Shared<T>) {
      put_shared(value);
    } else if constexpr (snapshot::Container<T>) {
      write_.be64(value.size());
      for (const auto& item : value) put(item);
    } else if constexpr (snapshot::Pair<T>) {
      put(value.first);
      put(value.second);
    } else {
      fields(*this, value);
    }
  }

  // 0: none; 1, 2, …: the first, second, … that was written, here when it is a new one.
  template <class T>
  void put_shared(const std::shared_ptr<T>& value) {
    if (!value) return put(std::uint64_t{0});
    const auto [known, fresh] = shared_.try_emplace(value.get(), shared_.size() + 1);
    put(known->second);
    if (fresh) put(*value);
  }

  Sink sink_;
  Bytes buffer_;  // what the sink does not have yet
  ByteWriter write_;
  std::map<const void*, std::uint64_t> shared_;
};

class SnapshotReader {
 public:
  // `bytes` live as long as the call that reads; views (view()) as long as a copy of `owner`.
  explicit SnapshotReader(ByteView bytes, std::shared_ptr<const void> owner = nullptr) : read_(bytes), owner_(std::move(owner)) {}

  void section(std::string_view name, std::uint16_t version);
  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  template <class Enum>
  void choice(Enum& value, Enum last) {
    std::uint64_t number = 0;
    get(number);
    check(number <= static_cast<std::uint64_t>(last), "a choice that there is not");
    value = failed() ? Enum{} : static_cast<Enum>(number);
  }
  void view(std::shared_ptr<const void>& owner, ByteView& data) {
    data = take_bytes();
    owner = owner_;
  }
  // `holds` must, or the snapshot is refused.
  void check(bool holds, std::string_view what);
  bool failed() const { return error_.has_value(); }
  // Errc::invalid: why it is refused; bytes left over are a reason, too.
  Result<> finish();

 private:
  ByteView take_bytes();
  std::uint64_t count();  // of items that are to come: no more than bytes are left

  template <class T>
  void get(T& value) {
    if constexpr (snapshot::Restores<T>) {
      value.restore(*this);
    } else if constexpr (std::same_as<T, bool>) {
      const std::uint64_t number = word();
      check(number <= 1, "a yes or no that is neither");
      value = number == 1 && !failed();
    } else if constexpr (snapshot::Number<T>) {
      const std::uint64_t number = word();
      if constexpr (std::is_signed_v<T>) {
        check(std::in_range<T>(static_cast<std::int64_t>(number)), "a number out of its range");
      } else {
        check(std::in_range<T>(number), "a number out of its range");
      }
      value = failed() ? T{} : static_cast<T>(number);
    } else if constexpr (std::is_enum_v<T>) {
      choice(value, last_choice(value));
    } else if constexpr (std::same_as<T, double>) {
      value = std::bit_cast<double>(word());
    } else if constexpr (std::same_as<T, std::string>) {
      value = as_text(take_bytes());
    } else if constexpr (std::same_as<T, Bytes>) {
      const ByteView taken = take_bytes();
      value.assign(taken.begin(), taken.end());
    } else if constexpr (snapshot::Duration<T>) {
      const auto number = static_cast<std::int64_t>(word());
      check(number > -(INT64_MAX / 2) && number < INT64_MAX / 2, "a time out of all time");  // the difference of two must be one
      value = failed() ? T{} : T(static_cast<typename T::rep>(number));
    } else if constexpr (snapshot::TimePoint<T>) {
      typename T::duration since{};
      get(since);
      value = T(since);
    } else if constexpr (snapshot::Optional<T>) {
      bool has = false;
      get(has);
      value.reset();
      if (has) get(value.emplace());
    } else if constexpr (snapshot::Shared<T>) {
      get_shared(value);
    } else if constexpr (snapshot::Map<T>) {
      value.clear();
      for (std::uint64_t left = count(); left > 0 && !failed(); --left) {
        typename T::key_type key{};
        get(key);
        get(value[key]);
      }
    } else if constexpr (snapshot::Container<T>) {
      value.clear();
      for (std::uint64_t left = count(); left > 0 && !failed(); --left) {
        typename T::value_type item{};
        get(item);
        if (!failed()) value.insert(value.end(), std::move(item));
      }
    } else if constexpr (snapshot::Pair<T>) {
      get(value.first);
      get(value.second);
    } else {
      fields(*this, value);
    }
  }

  template <class T>
  void get_shared(std::shared_ptr<T>& value) {
    const std::uint64_t number = word();
    check(number <= shared_.size() + 1, "a thing that is not there");
    if (failed() || number == 0) return value.reset();
    if (number == shared_.size() + 1) {
      auto fresh = std::make_shared<std::remove_const_t<T>>();
      shared_.push_back(fresh);
      get(*fresh);
    }
    value = std::static_pointer_cast<T>(shared_[number - 1]);
  }

  std::uint64_t word();

  ByteReader read_;
  std::shared_ptr<const void> owner_;
  std::vector<std::shared_ptr<void>> shared_;  // of one type in one snapshot
  std::optional<Error> error_;
};

}  // namespace sluice
