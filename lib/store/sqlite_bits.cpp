#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/bits.hpp"
#include "platform/names.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_cheers.hpp"
#include "store/sqlite_engine.hpp"
#include "store/sqlite_idempotency.hpp"

namespace sluice::store {

namespace {
Result<Cheered> as_it_is(sqlite::Database& db, Cheer cheer, bool repeated) {
  SLUICE_TRY_VALUE(const std::int64_t total, total_of(db, cheer.channel, cheer.user));
  SLUICE_TRY_VALUE(const auto balance, balance_of(db, cheer.user));
  return Cheered{std::move(cheer), total, balance.value_or(0), repeated};
}

std::string select_cheerers(std::string_view rest) {
  return fmt::format(
      "SELECT t.channel_id, t.user_id, u.name, u.display_name, t.bits FROM cheerers t JOIN users u ON u.id = "
      "t.user_id WHERE t.bits > 0 AND {}",
      rest);
}

Cheerer cheerer_of(sqlite::Statement& row) {
  return {ChannelId(row.integer(0)), UserId(row.integer(1)), row.text(2), row.text(3), row.integer(4)};
}
}  // namespace

Result<Granted> SqliteBits::grant(UserId user_id, std::int64_t bits, std::string_view typed,
                                  const Actor& actor, std::string_view key) {
  SLUICE_TRY_VALUE(const std::string reason, platform::reason(typed));
  if (bits < 1 || bits > platform::most_granted)
    return fail(Errc::invalid, fmt::format("{} bits cannot be granted at once", bits),
                fmt::format("1 to {}", platform::most_granted));
  return core_.write([&](Change& change) -> Result<Granted> {
    const std::string request = fmt::format("bits {} {}", user_id.value(), bits);
    SLUICE_TRY_VALUE(const auto earlier, earlier_answer(change, key, request));
    if (earlier) return Granted{user_id, bits, earlier->value("balance", std::int64_t{0}), true};
    SLUICE_TRY_VALUE(const User user, user_by_id(change.db, user_id));
    SLUICE_TRY(add_to_balance(change, user_id, bits));
    SLUICE_TRY_VALUE(const auto balance, balance_of(change.db, user_id));
    AuditEntry entry{.actor = actor,
                     .action = "bits.grant",
                     .target_user = user.id,
                     .target = "user:" + user.name,
                     .reason = reason};
    nlohmann::json context{{"bits", bits}, {"balance", *balance}};
    if (!key.empty()) context["key"] = key;
    entry.context = one_line(context);
    SLUICE_TRY(append_audit(change, std::move(entry)));
    SLUICE_TRY(keep_answer(change, key, request, {{"balance", *balance}}));
    return Granted{user_id, bits, *balance, false};
  });
}

Result<std::optional<std::int64_t>> SqliteBits::balance(UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) -> Result<std::optional<std::int64_t>> {
    SLUICE_TRY(user_by_id(db, user));
    return balance_of(db, user);
  });
}

Result<Cheered> SqliteBits::cheer(const CheerOrder& typed, const Actor& actor, std::string_view key) {
  CheerOrder order = typed;
  SLUICE_TRY_VALUE(order.text, platform::share_text(typed.text));
  SLUICE_TRY(bits_in(order.text));
  return core_.write([&](Change& change) -> Result<Cheered> {
    const std::string request = fmt::format("cheer {} {} {} {}", order.channel.value(), order.user.value(),
                                            order.anonymous, order.text);
    SLUICE_TRY_VALUE(const auto earlier, earlier_answer(change, key, request));
    const std::string id = earlier ? earlier->value("message_id", "") : order.message_id;
    SLUICE_TRY_VALUE(auto known, known_cheer(change.db, id));
    if (known) return as_it_is(change.db, *std::move(known), true);
    SLUICE_TRY_VALUE(Cheer made, pay_cheer(change, order, actor, key));
    SLUICE_TRY(keep_answer(change, key, request, {{"message_id", made.message_id}}));
    return as_it_is(change.db, std::move(made), false);
  });
}

Result<Cheer> SqliteBits::by_message(std::string_view message_id) {
  return core_.read([&](sqlite::Database& db, Wall) { return cheer_by_message(db, message_id); });
}

Result<bool> SqliteBits::claim(std::string_view message_id, std::string_view node) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY(change.db.run("UPDATE cheers SET node = ? WHERE message_id = ? AND node IN ('', ?)", node,
                             message_id, node));
    return change.db.changes() > 0;
  });
}

Result<bool> SqliteBits::give_back(std::string_view message_id, std::string_view reason, const Actor& actor) {
  return core_.write([&](Change& change) -> Result<bool> {
    SLUICE_TRY_VALUE(const Cheer cheer, cheer_by_message(change.db, message_id));
    return return_cheer(change, cheer, reason, actor);
  });
}

Result<std::vector<Cheerer>> SqliteBits::all(ChannelId channel, UserId user, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(
        db.query(select_cheerers("(t.channel_id, t.user_id) > (?, ?) ORDER BY t.channel_id, t.user_id "
                                 "LIMIT ?"),
                 channel.value(), user.value(), static_cast<std::int64_t>(limit)),
        cheerer_of);
  });
}

Result<std::vector<Cheerer>> SqliteBits::of_channel(ChannelId channel, std::size_t limit) {
  return core_.read([&](sqlite::Database& db, Wall) {
    return collect(db.query(select_cheerers("t.channel_id = ? ORDER BY t.bits DESC, t.user_id LIMIT ?"),
                            channel.value(), static_cast<std::int64_t>(limit)),
                   cheerer_of);
  });
}

Result<std::int64_t> SqliteBits::total(ChannelId channel, UserId user) {
  return core_.read([&](sqlite::Database& db, Wall) { return total_of(db, channel, user); });
}

}  // namespace sluice::store
