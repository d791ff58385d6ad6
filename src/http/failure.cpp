// SPDX-License-Identifier: GPL-2.0-or-later
#include "http/failure.hpp"
#include "text/contains.hpp"

#include <curl/curl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace lxcmon::http {

namespace {

/// CURLE_TOO_LARGE, since curl 8.6: a line of the head is too long.
constexpr int curle_too_large = 100;

/// Returns `host` of "https://host:8086/x", without brackets.
std::string_view host_of(std::string_view url) noexcept {
    if (const auto scheme_end = url.find("://"); scheme_end != std::string_view::npos)
        url.remove_prefix(scheme_end + 3);
    url = url.substr(0, url.find('/'));
    if (url.starts_with('['))
        return url.substr(1, url.find(']') - 1);
    return url.substr(0, url.find(':'));
}

/// The port that libcurl connects to for the URL.
std::string_view port_of(std::string_view url) noexcept {
    const bool secure = url.starts_with("https");
    if (const auto scheme_end = url.find("://"); scheme_end != std::string_view::npos)
        url.remove_prefix(scheme_end + 3);
    url = url.substr(0, url.find('/'));
    const auto colon = url.rfind(':');
    const bool has_port = colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos;
    return has_port ? url.substr(colon + 1) : secure ? "443" : "80";
}

/// True if the proxy failed and not the server: libcurl's message names the host that it could not resolve or
/// reach.
bool is_of_proxy(const Failure& failure, std::string_view url) {
    constexpr std::string_view find = "Could not resolve host: ";
    constexpr std::string_view reach = "Failed to connect to ";
    const std::string_view detail = failure.detail;
    if (detail.starts_with(find))
        return detail.substr(find.size()) != host_of(url);
    if (!detail.starts_with(reach))
        return false;
    const std::string server = std::string(host_of(url)) + " port " + std::string(port_of(url)) + " ";
    return !detail.substr(reach.size()).starts_with(server);
}

std::string describe_socket_failure(const Failure& failure, const std::string& path) {
    struct stat status {};
    const int error = ::stat(path.c_str(), &status) == 0 ? 0 : errno;
    if (error == ENOENT || error == ENOTDIR)
        return "no such socket; is the server running, and does it listen there?";
    if (error != 0)
        return std::string("the socket can't be reached: ") + std::strerror(error);
    if (!S_ISSOCK(status.st_mode))
        return "is not a socket; expected the path of the server's unix socket";
    if (failure.os_error == EACCES)
        return "connecting to the socket is not permitted; check its owner and mode";
    return "connection refused; the socket exists, but no server listens on it";
}

/// Messages for OpenSSL's X509_V_ERR_*, as in CURLINFO_SSL_VERIFYRESULT.
constexpr auto verify_messages = std::to_array<std::pair<long, std::string_view>>({
    {9, "the server's TLS certificate is not valid yet; check the clocks of both hosts"},
    {10, "the server's TLS certificate has expired; renew it on the server, or check this host's clock"},
    {18, "the server's TLS certificate is self-signed and not trusted; give it with --tls-ca"},
    {19, "the server's TLS certificate comes from a CA that is not trusted; give the CA's certificate with "
         "--tls-ca"},
    {20, "the server's TLS certificate comes from a CA that is not trusted; give the CA's certificate with "
         "--tls-ca"},
    {21, "the server's TLS certificate comes from a CA that is not trusted; give the CA's certificate with "
         "--tls-ca"},
});

std::string describe_certificate_failure(const Failure& failure) {
    // libcurl checks the name after OpenSSL has accepted the chain.
    if (text::contains(failure.detail, "subject name") || text::contains(failure.detail, "subjectAltName"))
        return "the server's TLS certificate is for another name (" + failure.detail +
               "); the URL must have a name from the certificate";
    for (const auto& [number, message] : verify_messages)
        if (number == failure.verify_result)
            return std::string(message) + " (" + failure.detail + ")";
    return "the server's TLS certificate is invalid (" + failure.detail + ")";
}

constexpr std::string_view client_certificate_hint =
    "the server may require a client certificate that it trusts: set --tls-cert and --tls-key";

/// With TLS 1.3 the server refuses a client certificate only after the handshake, when data is sent.
bool refuses_client_certificate(std::string_view detail) noexcept {
    for (const char* alert :
         {"alert certificate required", "alert unknown ca", "alert bad certificate",
          "alert certificate expired", "alert certificate revoked", "alert certificate unknown",
          "alert unsupported certificate", "alert handshake failure", "alert access denied"})
        if (text::contains(detail, alert))
            return true;
    return false;
}

std::string describe_tls_failure(const Failure& failure, const Settings& settings) {
    if (text::contains(failure.detail, "wrong version number") || text::contains(failure.detail, "packet length"))
        return "the other side does not use TLS (" + failure.detail +
               (settings.proxy.starts_with("https:") ? "); should the proxy's URL begin with http:// instead?"
                                                     : "); does this port want http:// instead?");
    if (refuses_client_certificate(failure.detail))
        return std::string("the server ended the TLS connection (") + failure.detail + "); " +
               std::string(client_certificate_hint);
    return "the TLS handshake failed (" + failure.detail + "); see the server's log";
}

std::string describe_broken_exchange(const Failure& failure, std::string_view where) {
    if (failure.proxy_status != 0 && failure.proxy_status / 100 != 2)
        return "the proxy did not connect to the server (HTTP " + std::to_string(failure.proxy_status) +
               "); see the proxy's log";
    std::string message = "the connection ended before the response was complete (" + failure.detail +
                          "); see the server's log";
    if (where.starts_with("https:"))
        message += std::string("; ").append(client_certificate_hint);
    else if (failure.code == CURLE_RECV_ERROR || failure.code == CURLE_GOT_NOTHING)
        message += "; or does this port want https://?";
    return message;
}

std::string describe_connect_failure(const Failure& failure, std::string_view where) {
    const bool refused = failure.os_error == ECONNREFUSED;
    if (is_of_proxy(failure, where))
        return (refused ? "the proxy refuses the connection (" : "can't connect to the proxy (") +
               failure.detail + "); check --influx-proxy, http_proxy and https_proxy";
    if (refused)
        return "connection refused; is the server running, and is this its port?";
    return "can't connect (" + failure.detail + "); check the URL, the network and firewalls";
}

std::string message_of(const Failure& failure, std::string_view where, const Settings& settings) {
    switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        if (!is_of_proxy(failure, where))
            return "the host name can't be resolved; check the URL, and DNS on this host";
        [[fallthrough]];
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "the proxy's host name can't be resolved (" + failure.detail +
               "); check --influx-proxy, http_proxy and https_proxy";
    case CURLE_COULDNT_CONNECT:
        return settings.unix_socket.empty() ? describe_connect_failure(failure, where)
                                            : describe_socket_failure(failure, settings.unix_socket);
    case CURLE_PROXY:
        return "the proxy handshake failed (" + failure.detail + "); check the kind of proxy and its log";
    case CURLE_OPERATION_TIMEDOUT:
        return "time-out (" + failure.detail +
               "); the server hangs or is overloaded, or a firewall drops packets";
    case CURLE_PEER_FAILED_VERIFICATION:
        return describe_certificate_failure(failure);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CLIENTCERT:
        return describe_tls_failure(failure, settings);
    case CURLE_SSL_CERTPROBLEM:
        return "our TLS certificate and key can't be used (" + failure.detail +
               "); check that --tls-cert and --tls-key belong together";
    case CURLE_SSL_CACERT_BADFILE:
        return "the file of trusted certificates can't be used (" + failure.detail + "); check --tls-ca";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
        return refuses_client_certificate(failure.detail) ? describe_tls_failure(failure, settings)
                                                          : describe_broken_exchange(failure, where);
    case CURLE_WRITE_ERROR: // aborted by Client::Handles
        return "the response is too long for InfluxDB; check the URL";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return "the other side is not an HTTP server (" + failure.detail +
               "); check the port, and http or https";
    case CURLE_OUT_OF_MEMORY: // before curl 8.6 also if a line of the head is too long
    case curle_too_large:
        return "the response has a header of more than 100 KB, or no memory is left; check the URL and the "
               "proxy";
    default:
        return failure.detail;
    }
}

} // namespace

std::string describe_failure(const Failure& failure, std::string_view where, const Settings& settings) {
    const std::string name =
        settings.unix_socket.empty() ? std::string(where) : "unix://" + settings.unix_socket;
    return name + ": " + message_of(failure, where, settings);
}

} // namespace lxcmon::http
