/* progress.c -- see progress.h. */
#include "progress.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

uint64_t progress_acknowledged(h2o_socket_t *socket)
{
    struct tcp_info info;
    socklen_t length = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (getsockopt(h2o_socket_get_fd(socket), IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        return UINT64_MAX;
    return info.tcpi_bytes_acked;
}
