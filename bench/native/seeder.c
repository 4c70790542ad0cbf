/*
 * seeder: serves one single-file torrent at next to no cost, so that whoever is measured never waits for it.
 *
 * The payload is mapped; a thread for each connection gathers the requests that one read brought and answers them with
 * one sendmsg. It speaks only what that needs (BEP 3: handshake, bitfield, unchoke, request, piece) and no extension.
 *
 * usage: seeder --address IP --port N --info-hash HEX --piece-length N --file PATH
 *               [--rate BYTES_PER_SECOND]   for each connection
 *               [--corrupt-every N]         one byte of every Nth piece is wrong, each time it is asked for
 *
 * Prints "ready" when it listens, and when a connection ends "closed IP sent BYTES" (payload handed to the kernel).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    HANDSHAKE_LENGTH = 68,
    INBOX_LENGTH = 64 * 1024,
    LONGEST_MESSAGE = 32 * 1024, /* the longest we accept is the peer's bitfield: 2 Mbit of pieces */
    LONGEST_BLOCK = 128 * 1024,
    BATCH = 32, /* answers in one sendmsg */
    PIECE_HEADER = 13,
    MESSAGE_UNCHOKE = 1,
    MESSAGE_BITFIELD = 5,
    MESSAGE_REQUEST = 6,
    MESSAGE_PIECE = 7,
};

static struct {
    const char *address;
    int port;
    uint8_t info_hash[20];
    uint64_t piece_length;
    uint64_t rate;
    uint64_t corrupt_every;
    uint8_t *data;
    uint64_t size;
} torrent;

/* One connection: its answers not sent yet. */
struct connection {
    int fd;
    struct sockaddr_in peer;
    uint64_t sent;
    double began;
    int answers;
    int parts;
    struct iovec part[BATCH * 3];
    uint8_t header[BATCH][PIECE_HEADER];
    uint8_t wrong_byte[BATCH];
};

static uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return ntohl(value);
}

static void put32(uint8_t *at, uint32_t value) {
    value = htonl(value);
    memcpy(at, &value, 4);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_until(double moment) {
    double left = moment - seconds();
    if (left <= 0) return;
    struct timespec pause = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    nanosleep(&pause, NULL);
}

static bool receive_all(int fd, uint8_t *into, size_t length) {
    return recv(fd, into, length, MSG_WAITALL) == (ssize_t)length;
}

static bool send_parts(int fd, struct iovec *part, int parts) {
    while (parts > 0) {
        struct msghdr message = {.msg_iov = part, .msg_iovlen = (size_t)parts};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        for (; parts > 0 && (size_t)sent >= part->iov_len; part++, parts--) sent -= (ssize_t)part->iov_len;
        if (parts > 0) {
            part->iov_base = (uint8_t *)part->iov_base + sent;
            part->iov_len -= (size_t)sent;
        }
    }
    return true;
}

static bool flush(struct connection *c) {
    bool ok = send_parts(c->fd, c->part, c->parts);
    c->parts = c->answers = 0;
    if (ok && torrent.rate > 0) sleep_until(c->began + (double)c->sent / (double)torrent.rate);
    return ok;
}

static void add_part(struct connection *c, void *base, size_t length) {
    if (length > 0) c->part[c->parts++] = (struct iovec){base, length};
}

/* request: <piece u32> <offset u32> <length u32> */
static bool answer(struct connection *c, const uint8_t *request) {
    uint64_t piece = get32(request), offset = get32(request + 4), length = get32(request + 8);
    uint64_t start = piece * torrent.piece_length + offset;
    if (length == 0 || length > LONGEST_BLOCK || start + length > torrent.size) return false;

    uint8_t *header = c->header[c->answers];
    put32(header, (uint32_t)(PIECE_HEADER - 4 + length));
    header[4] = MESSAGE_PIECE;
    memcpy(header + 5, request, 8);
    add_part(c, header, PIECE_HEADER);

    uint8_t *block = torrent.data + start;
    if (torrent.corrupt_every > 0 && piece % torrent.corrupt_every == 0 && offset == 0) {
        uint8_t *wrong = &c->wrong_byte[c->answers];
        *wrong = (uint8_t)~*block;
        add_part(c, wrong, 1);
        block += 1;
        length -= 1;
        c->sent += 1;
    }
    add_part(c, block, length);
    c->sent += length;
    c->answers += 1;
    /* A limited connection sends each block when it is due; others in batches. */
    return c->answers < BATCH && torrent.rate == 0 ? true : flush(c);
}

static bool greet(int fd) {
    uint8_t handshake[HANDSHAKE_LENGTH];
    /* An encrypted handshake (aria2 tries one first) does not match and is refused by closing. */
    if (!receive_all(fd, handshake, sizeof handshake)) return false;
    if (handshake[0] != 19 || memcmp(handshake + 28, torrent.info_hash, 20) != 0) return false;
    memset(handshake + 20, 0, 8);
    memcpy(handshake + 48, "-SD0001-", 8);
    if (getrandom(handshake + 56, 12, 0) != 12) return false;

    uint64_t pieces = (torrent.size + torrent.piece_length - 1) / torrent.piece_length;
    size_t bits = (size_t)((pieces + 7) / 8);
    uint8_t *opening = calloc(1, 5 + bits + 5);
    put32(opening, (uint32_t)(1 + bits));
    opening[4] = MESSAGE_BITFIELD;
    for (uint64_t piece = 0; piece < pieces; piece++) opening[5 + piece / 8] |= (uint8_t)(0x80 >> (piece % 8));
    put32(opening + 5 + bits, 1);
    opening[9 + bits] = MESSAGE_UNCHOKE;
    struct iovec part[2] = {{handshake, sizeof handshake}, {opening, 5 + bits + 5}};
    bool ok = send_parts(fd, part, 2);
    free(opening);
    return ok;
}

static void serve_requests(struct connection *c, uint8_t *inbox) {
    size_t held = 0;
    for (;;) {
        ssize_t received = recv(c->fd, inbox + held, INBOX_LENGTH - held, 0);
        if (received <= 0) return;
        held += (size_t)received;
        size_t at = 0;
        while (held - at >= 4) {
            uint32_t length = get32(inbox + at);
            if (length > LONGEST_MESSAGE) return;
            if (held - at < 4 + (size_t)length) break;
            if (length == 13 && inbox[at + 4] == MESSAGE_REQUEST && !answer(c, inbox + at + 5)) return;
            at += 4 + length;
        }
        if (c->answers > 0 && !flush(c)) return;
        memmove(inbox, inbox + at, held - at);
        held -= at;
    }
}

static void *serve(void *argument) {
    struct connection *c = argument;
    int yes = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    uint8_t *inbox = malloc(INBOX_LENGTH);
    if (greet(c->fd)) {
        c->began = seconds();
        serve_requests(c, inbox);
    }
    close(c->fd);
    char ip[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &c->peer.sin_addr, ip, sizeof ip);
    printf("closed %s sent %llu\n", ip, (unsigned long long)c->sent);
    free(inbox);
    free(c);
    return NULL;
}

static void parse(int count, char **argument) {
    static const struct option options[] = {
        {"address", required_argument, NULL, 'a'}, {"port", required_argument, NULL, 'p'},
        {"info-hash", required_argument, NULL, 'i'}, {"piece-length", required_argument, NULL, 'l'},
        {"file", required_argument, NULL, 'f'}, {"rate", required_argument, NULL, 'r'},
        {"corrupt-every", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    for (int option; (option = getopt_long(count, argument, "", options, NULL)) != -1;) {
        switch (option) {
        case 'a': torrent.address = optarg; break;
        case 'p': torrent.port = atoi(optarg); break;
        case 'i':
            for (int i = 0; i < 20; i++) sscanf(optarg + 2 * i, "%2hhx", &torrent.info_hash[i]);
            break;
        case 'l': torrent.piece_length = strtoull(optarg, NULL, 10); break;
        case 'f': path = optarg; break;
        case 'r': torrent.rate = strtoull(optarg, NULL, 10); break;
        case 'c': torrent.corrupt_every = strtoull(optarg, NULL, 10); break;
        default: exit(2);
        }
    }
    if (torrent.address == NULL || torrent.port == 0 || torrent.piece_length == 0 || path == NULL) {
        fputs("seeder: --address, --port, --info-hash, --piece-length and --file are needed\n", stderr);
        exit(2);
    }
    int fd = open(path, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) { perror(path); exit(1); }
    torrent.size = (uint64_t)status.st_size;
    torrent.data = mmap(NULL, torrent.size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (torrent.data == MAP_FAILED) { perror("mmap"); exit(1); }
}

static int listen_on_address(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)torrent.port)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (inet_pton(AF_INET, torrent.address, &own.sin_addr) != 1 ||
        bind(listener, (struct sockaddr *)&own, sizeof own) < 0 || listen(listener, 256) < 0) {
        perror(torrent.address);
        exit(1);
    }
    return listener;
}

int main(int count, char **argument) {
    parse(count, argument);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on_address();
    puts("ready");
    for (;;) {
        struct connection *c = calloc(1, sizeof *c);
        socklen_t length = sizeof c->peer;
        c->fd = accept(listener, (struct sockaddr *)&c->peer, &length);
        pthread_t thread;
        if (c->fd < 0 || pthread_create(&thread, NULL, serve, c) != 0) {
            free(c);
            continue;
        }
        pthread_detach(thread);
    }
}
