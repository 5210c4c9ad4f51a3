/* tls.c -- see tls.h. */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/pemerr.h>
#include <openssl/x509err.h>
#include <stdio.h>
#include <string.h>

#include "door.h"

/* The first word of OpenSSL on the matter, which is the cause, and nothing of it for the next who asks. */
static const char *reason(void)
{
    unsigned long code = ERR_peek_error();
    const char *text;

    if (ERR_SYSTEM_ERROR(code))
        text = strerror(ERR_GET_REASON(code));
    else if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
        text = "nothing of this kind is in it, in PEM"; /* the files may be confused */
    else
        text = ERR_reason_error_string(code);
    ERR_clear_error();
    return text == NULL ? "unknown error" : text;
}

/* RFC 7301: ours is the order that counts. */
static int choose(SSL *ssl, const unsigned char **chosen, unsigned char *length, const unsigned char *offered,
                  unsigned int offered_length, void *arg)
{
    static const unsigned char ours[] = "\2h2\10http/1.1";
    unsigned char *found;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&found, length, ours, sizeof(ours) - 1, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

/* close_notify (RFC 8446, 6.1). The BIO is libh2o's (socket.c:setup_bio). */
static void on_info(const SSL *ssl, int where, int value)
{
    if (where == SSL_CB_READ_ALERT && (value & 0xff) == SSL_AD_CLOSE_NOTIFY)
        visitor_has_done(BIO_get_data(SSL_get_rbio(ssl)));
}

static SSL_CTX *create(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets need no memory of ours */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(ctx, choose, NULL);
    SSL_CTX_set_info_callback(ctx, on_info);
    return ctx;
}

/* A key with a passphrase would ask for it on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

SSL_CTX *tls_load(const char *certificate, const char *key, char *err, size_t err_size)
{
    SSL_CTX *ctx = create();

    ERR_clear_error();
    if (ctx == NULL) {
        snprintf(err, err_size, "TLS: %s", reason());
        return NULL;
    }
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
        snprintf(err, err_size, "--tls-cert %s: %s", certificate, reason());
    else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1)
        return ctx;
    else if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH)
        snprintf(err, err_size, "--tls-key %s is not the key of --tls-cert %s", key, certificate);
    else
        snprintf(err, err_size, "--tls-key %s: %s", key, reason());
    SSL_CTX_free(ctx);
    return NULL;
}
