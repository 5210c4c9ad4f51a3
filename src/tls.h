/* tls.h -- certificates.
 *
 * TLS 1.2 and newer; in 1.2 only suites with forward secrecy and AEAD, which HTTP/2 demands. By ALPN a
 * client chooses h2 or http/1.1, and gets http/1.1 when it chooses nothing.
 */
#ifndef PGCRIER_TLS_H
#define PGCRIER_TLS_H

#include <openssl/ssl.h>
#include <stddef.h>

/* Reads a certificate (PEM, with its chain) and its key. Returns NULL with one clear line in `err`. */
SSL_CTX *tls_load(const char *certificate, const char *key, char *err, size_t err_size);

#endif
