#include "store_directory.hpp"

namespace sluice::chatd {

namespace {
constexpr std::chrono::minutes remembered_for{1};

Result<chat::Identity> to_identity(const Result<store::Bearer>& bearer) {
  if (!bearer) return std::unexpected(bearer.error());
  const bool writes = bearer->may(platform::Scope::chat_edit);
  if (!writes && !bearer->may(platform::Scope::chat_read))
    return fail(Errc::denied, "the token does not allow chat");
  return chat::Identity{{bearer->user.id, bearer->user.name, bearer->user.display_name, {}},
                        writes,
                        chat::TokenId(bearer->token.id.value()),
                        bearer->token.expires_at};
}
}  // namespace

chat::Channel to_chat(const store::Channel& channel) {
  return {channel.id, channel.name, channel.owner};
}

void StoreDirectory::find_by_token(std::string token, std::function<void(Result<chat::Identity>)> answer) {
  offload_.run([this, token = std::move(token)] { return to_identity(store_.credentials().bearer(token)); },
               std::move(answer));
}

void StoreDirectory::redeem_ticket(std::string ticket, std::function<void(Result<chat::Identity>)> answer) {
  offload_.run(
      [this, ticket = std::move(ticket)] { return to_identity(store_.credentials().swap_ticket(ticket)); },
      std::move(answer));
}

void StoreDirectory::find_channel(std::string name, std::function<void(Result<chat::Channel>)> answer) {
  if (const auto known = known_.find(name); known != known_.end() && known->second.until > clock_.steady())
    return answer(known->second.channel);
  const auto ask = [this, name]() -> Result<chat::Channel> {
    SLUICE_TRY_VALUE(const store::Channel channel, store_.channels().by_name(name));
    return to_chat(channel);
  };
  offload_.run(ask, [this, name, answer = std::move(answer)](Result<chat::Channel> channel) {
    if (channel) known_.insert_or_assign(name, Known{*channel, clock_.steady() + remembered_for});
    answer(std::move(channel));
  });
}

}  // namespace sluice::chatd
