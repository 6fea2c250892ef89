// The files by which TLS knows whom to trust and who we are.
#pragma once

#include <string>

namespace asyncllm::inline v0_1 {

/// Files of PEM; "" for none.
struct TlsFiles {
  std::string ca;           ///< replaces the system's trusted certificates
  std::string crl;          ///< revoked certificates, of every authority in the chain
  std::string certificate;  ///< the client's own, with its chain
  std::string key;          ///< and its key, not encrypted
};

}  // namespace asyncllm
