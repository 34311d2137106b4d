#pragma once
// Status codes of NetConnection and NetStream that we send (Adobe RTMP 1.0 section 7.2; ActionScript's NetStatusEvent).
#include <string_view>

namespace sluice::rtmp::status {

inline constexpr std::string_view connect_success = "NetConnection.Connect.Success";
inline constexpr std::string_view connect_rejected = "NetConnection.Connect.Rejected";      // refused for a reason told
inline constexpr std::string_view connect_invalid_app = "NetConnection.Connect.InvalidApp";  // no such application
inline constexpr std::string_view reconnect_request = "NetConnection.Connect.ReconnectRequest";  // Enhanced RTMP v2
inline constexpr std::string_view publish_start = "NetStream.Publish.Start";
inline constexpr std::string_view publish_bad_name = "NetStream.Publish.BadName";  // no such key, or in use by another
inline constexpr std::string_view publish_denied = "NetStream.Publish.Denied";     // known, but may not publish now
inline constexpr std::string_view publish_rejected = "NetStream.Publish.Rejected";
inline constexpr std::string_view unpublish_success = "NetStream.Unpublish.Success";
inline constexpr std::string_view play_failed = "NetStream.Play.Failed";

}  // namespace sluice::rtmp::status
