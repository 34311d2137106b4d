#pragma once
// Sockets as the load wants them: blocking while they greet, from a source address of this process's own, so
// that every process has a range of ports to itself.
#include <string>
#include <string_view>

namespace chat_load {

// What went wrong, on stderr, and the end.
[[noreturn]] void die(const std::string& what);

// Connects to a port of loopback, from 127.0.0.(2 + source).
int dial(int port, int source);
void put(int socket, std::string_view bytes);
// Reads until `end` has come; what else came with it is dropped. 20 s of silence are the end of the program.
void read_until(int socket, std::string_view end);
void make_nonblocking(int socket);

// A client's text frame, masked with zeros (RFC 6455 5.3).
std::string frame(std::string_view text);

}  // namespace chat_load
