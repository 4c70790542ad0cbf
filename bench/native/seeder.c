/*
 * seeder: serves single-file torrents at next to no cost, so that whoever is measured never waits for it. It is one
 * peer, or a whole swarm of them: each address may have a rate of its own, stop answering, or lack pieces.
 *
 * The payload is mapped; a thread for each connection gathers the requests that one read brought and answers them with
 * one sendmsg. It speaks only what that needs (BEP 3: handshake, bitfield, unchoke, have, request, cancel, piece) and no
 * extension; with --reqq the handshake of BEP 10.
 *
 * usage: seeder --port N WHAT WHO [--corrupt-every N] [--send-buffer BYTES] [--reqq N] [--milestones]
 *   WHAT: --info-hash HEX --piece-length N --file PATH
 *     or  --torrents FILE    a line each: INFO_HASH PIECE_LENGTH TOTAL_BYTES PATH; a shorter file is repeated
 *   WHO:  --address IP [--rate BYTES_PER_SECOND]     for each connection; 0: as fast as it goes
 *     or  --peers FILE       a line each: IP BYTES_PER_SECOND STALL_AFTER_BYTES HAVE_PERCENT
 *                            (0: never stalls; below 100: the other pieces are announced one by one within 5 s)
 *   --corrupt-every N        one byte of every Nth piece is wrong, each time it is asked for
 *   --send-buffer BYTES      of each socket, whatever the system allows
 *   --reqq N                 says that it takes so many open requests (at most 8192), as real seeds do
 *   --milestones             prints "first T", "99% T", "100% T": when that share of all different blocks had been sent
 *                            (T: seconds of CLOCK_MONOTONIC)
 *
 * Prints "ready" when it listens, and when a connection ends "closed IP sent BYTES" (payload handed to the kernel).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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

#include "wire.h"

enum {
    HANDSHAKE_LENGTH = 68,
    INBOX_LENGTH = 64 * 1024,
    LONGEST_MESSAGE = 48 * 1024, /* the longest we accept is the peer's bitfield: of 380,000 pieces */
    LONGEST_BLOCK = 128 * 1024,
    BLOCK = 16 * 1024,
    BATCH = 32,         /* answers in one sendmsg */
    MOST_OPEN = 8192,   /* requests of one connection, a power of two */
    PIECE_HEADER = 13,
    HAVE_STEPS = 50,    /* 100 ms each */
    MESSAGE_UNCHOKE = 1,
    MESSAGE_INTERESTED = 2,
    MESSAGE_HAVE = 4,
    MESSAGE_BITFIELD = 5,
    MESSAGE_REQUEST = 6,
    MESSAGE_PIECE = 7,
    MESSAGE_CANCEL = 8,
    MESSAGE_EXTENDED = 20,
    EXTENSION_BYTE = 5, /* of the reserved ones */
    EXTENSION_BIT = 0x10,
};

/* A limited connection that overslept by more than this does not make up for it. */
static const double LONGEST_CREDIT = 0.05;

struct torrent {
    uint8_t info_hash[20];
    uint64_t piece_length;
    uint64_t size;      /* of the torrent */
    uint64_t file_size; /* the same, or a part of it that repeats */
    uint8_t *data;
    uint64_t pieces;
    uint64_t first_block; /* number of its first block among those of all torrents */
};

struct peer {
    struct in_addr address;
    uint64_t rate;
    uint64_t stall_after;
    unsigned have_percent;
    int listener;
};

struct request {
    uint32_t piece, offset, length; /* network byte order, as they came */
};

/* One connection: requests without an answer, and answers not sent yet. */
struct connection {
    int fd;
    struct sockaddr_in remote;
    const struct peer *peer;
    const struct torrent *torrent;
    uint8_t *have; /* the bitfield we claimed */
    pthread_mutex_t sending;
    uint64_t sent;
    double due; /* when the last block of a limited connection was due */
    unsigned first, end; /* open[first, end) modulo MOST_OPEN */
    struct request open[MOST_OPEN];
    int answers;
    int parts;
    struct iovec part[BATCH * 3];
    uint8_t header[BATCH][PIECE_HEADER];
    uint8_t wrong_byte[BATCH];
};

static struct {
    int port;
    uint64_t corrupt_every;
    int send_buffer;
    int reqq;
    struct torrent *torrents;
    size_t torrent_count;
    struct peer *peers;
    size_t peer_count;
    /* Milestones: one bit a block of all torrents. */
    _Atomic uint64_t *sent_blocks;
    uint64_t block_count;
    _Atomic uint64_t sent_block_count;
} swarm;

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

static void count_block(uint64_t block) {
    uint64_t bit = 1ull << (block % 64);
    if (atomic_fetch_or_explicit(&swarm.sent_blocks[block / 64], bit, memory_order_relaxed) & bit) return;
    uint64_t count = atomic_fetch_add_explicit(&swarm.sent_block_count, 1, memory_order_relaxed) + 1;
    if (count == 1) printf("first %.6f\n", seconds());
    if (count == (swarm.block_count * 99 + 99) / 100) printf("99%% %.6f\n", seconds());
    if (count == swarm.block_count) printf("100%% %.6f\n", seconds());
}

static bool flush(struct connection *c) {
    pthread_mutex_lock(&c->sending);
    bool ok = send_parts(c->fd, c->part, c->parts);
    pthread_mutex_unlock(&c->sending);
    c->parts = c->answers = 0;
    return ok;
}

static void add_part(struct connection *c, void *base, size_t length) {
    if (length > 0) c->part[c->parts++] = (struct iovec){base, length};
}

static bool answer(struct connection *c, const struct request *request) {
    const struct torrent *t = c->torrent;
    uint64_t piece = ntohl(request->piece), offset = ntohl(request->offset), length = ntohl(request->length);
    uint64_t start = piece * t->piece_length + offset;
    if (length == 0 || length > LONGEST_BLOCK || start + length > t->size) return false;
    uint64_t place = start % t->file_size;
    if (place + length > t->file_size) return false; /* repeated files are whole blocks long */
    if (swarm.sent_blocks != NULL) count_block(t->first_block + start / BLOCK);

    uint8_t *header = c->header[c->answers];
    put32(header, (uint32_t)(PIECE_HEADER - 4 + length));
    header[4] = MESSAGE_PIECE;
    memcpy(header + 5, request, 8);
    add_part(c, header, PIECE_HEADER);

    uint8_t *block = t->data + place;
    if (swarm.corrupt_every > 0 && piece % swarm.corrupt_every == 0 && offset == 0) {
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
    return true;
}

static const struct torrent *find_torrent(const uint8_t *info_hash) {
    for (size_t i = 0; i < swarm.torrent_count; i++)
        if (memcmp(swarm.torrents[i].info_hash, info_hash, 20) == 0) return &swarm.torrents[i];
    return NULL;
}

/* BEP 10: a handshake that names no extensions, only how many requests may be open. */
static bool tell_reqq(int fd) {
    uint8_t message[64];
    int length = snprintf((char *)message + 6, sizeof message - 6, "d1:mde4:reqqi%dee", swarm.reqq);
    put32(message, (uint32_t)length + 2);
    message[4] = MESSAGE_EXTENDED;
    message[5] = 0;
    struct iovec part = {message, (size_t)length + 6};
    return send_parts(fd, &part, 1);
}

static bool greet(struct connection *c) {
    uint8_t handshake[HANDSHAKE_LENGTH];
    /* An encrypted handshake (aria2 tries one first) does not match and is refused by closing. */
    if (!receive_all(c->fd, handshake, sizeof handshake) || handshake[0] != 19) return false;
    c->torrent = find_torrent(handshake + 28);
    if (c->torrent == NULL) return false;
    bool extends = swarm.reqq > 0 && (handshake[20 + EXTENSION_BYTE] & EXTENSION_BIT) != 0;
    memset(handshake + 20, 0, 8);
    if (extends) handshake[20 + EXTENSION_BYTE] = EXTENSION_BIT;
    memcpy(handshake + 48, "-SD0001-", 8);
    if (getrandom(handshake + 56, 12, 0) != 12) return false;

    size_t bits = (size_t)((c->torrent->pieces + 7) / 8);
    uint8_t *opening = calloc(1, 5 + bits);
    put32(opening, (uint32_t)(1 + bits));
    opening[4] = MESSAGE_BITFIELD;
    uint64_t random = ntohl(c->peer->address.s_addr) | 1; /* the same for the same address */
    for (uint64_t piece = 0; piece < c->torrent->pieces; piece++) {
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        bool has = (random >> 33) % 100 < c->peer->have_percent;
        if (has) opening[5 + piece / 8] |= (uint8_t)(0x80 >> (piece % 8));
    }
    c->have = malloc(bits);
    memcpy(c->have, opening + 5, bits);
    struct iovec part[2] = {{handshake, sizeof handshake}, {opening, 5 + bits}};
    bool ok = send_parts(c->fd, part, 2);
    free(opening);
    return ok && (!extends || tell_reqq(c->fd));
}

/* Announces, in steps, the pieces that the bitfield left out. A thread of its own. */
static void *announce_pieces(void *argument) {
    struct connection *c = argument;
    uint64_t per_step = c->torrent->pieces / HAVE_STEPS + 1;
    uint8_t *batch = malloc(9 * per_step);
    double began = seconds();
    for (uint64_t step = 0; step < HAVE_STEPS; step++) {
        size_t filled = 0;
        for (uint64_t piece = step * per_step; piece < (step + 1) * per_step && piece < c->torrent->pieces; piece++) {
            if (c->have[piece / 8] & (0x80 >> (piece % 8))) continue;
            put32(batch + filled, 5);
            batch[filled + 4] = MESSAGE_HAVE;
            put32(batch + filled + 5, (uint32_t)piece);
            filled += 9;
        }
        struct iovec part = {batch, filled};
        pthread_mutex_lock(&c->sending);
        bool ok = send_parts(c->fd, &part, 1);
        pthread_mutex_unlock(&c->sending);
        if (!ok) break;
        sleep_until(began + 0.1 * (double)(step + 1));
    }
    free(batch);
    return NULL;
}

static bool unchoke(struct connection *c) {
    uint8_t message[5] = {0, 0, 0, 1, MESSAGE_UNCHOKE};
    struct iovec part = {message, sizeof message};
    pthread_mutex_lock(&c->sending);
    bool ok = send_parts(c->fd, &part, 1);
    pthread_mutex_unlock(&c->sending);
    return ok;
}

static bool on_message(struct connection *c, const uint8_t *message, uint32_t length) {
    /* As real seeds do: some clients miss an unchoke that comes before they asked for it. */
    if (length == 1 && message[0] == MESSAGE_INTERESTED) return unchoke(c);
    if (length != 13) return true;
    struct request request;
    memcpy(&request, message + 1, sizeof request);
    if (message[0] == MESSAGE_REQUEST) {
        if (c->end - c->first >= MOST_OPEN) return false;
        c->open[c->end++ % MOST_OPEN] = request;
    }
    if (message[0] == MESSAGE_CANCEL) {
        for (unsigned i = c->first; i != c->end; i++) {
            if (memcmp(&c->open[i % MOST_OPEN], &request, sizeof request) != 0) continue;
            for (; i + 1 != c->end; i++) c->open[i % MOST_OPEN] = c->open[(i + 1) % MOST_OPEN];
            c->end -= 1;
            break;
        }
    }
    return true;
}

struct inbox {
    size_t held;
    uint8_t bytes[INBOX_LENGTH];
};

/* Reads what is there; waits for something when no request is open. */
static bool receive_messages(struct connection *c, struct inbox *inbox) {
    int flags = c->first == c->end ? 0 : MSG_DONTWAIT;
    ssize_t received = recv(c->fd, inbox->bytes + inbox->held, INBOX_LENGTH - inbox->held, flags);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (received <= 0) return false;
    inbox->held += (size_t)received;
    size_t at = 0;
    while (inbox->held - at >= 4) {
        uint32_t length = get32(inbox->bytes + at);
        if (length > LONGEST_MESSAGE) return false;
        if (inbox->held - at < 4 + (size_t)length) break;
        if (length > 0 && !on_message(c, inbox->bytes + at + 4, length)) return false;
        at += 4 + length;
    }
    memmove(inbox->bytes, inbox->bytes + at, inbox->held - at);
    inbox->held -= at;
    return true;
}

/* Until the next block of a limited connection is through the line. */
static void wait_for_line(struct connection *c) {
    double now = seconds(), length = ntohl(c->open[c->first % MOST_OPEN].length);
    if (c->due < now - LONGEST_CREDIT) c->due = now;
    c->due += length / (double)c->peer->rate;
    sleep_until(c->due);
}

static void serve_requests(struct connection *c, struct inbox *inbox) {
    int batch = c->peer->rate > 0 ? 1 : BATCH; /* a limited connection sends each block when it is due */
    while (receive_messages(c, inbox)) {
        if (c->peer->stall_after > 0 && c->sent >= c->peer->stall_after) {
            c->first = c->end;
            continue;
        }
        if (c->peer->rate > 0 && c->first != c->end) {
            wait_for_line(c);
            if (!receive_messages(c, inbox)) return; /* cancels that came meanwhile */
        }
        while (c->first != c->end && c->answers < batch)
            if (!answer(c, &c->open[c->first++ % MOST_OPEN])) return;
        if (c->answers > 0 && !flush(c)) return;
    }
}

static void *serve(void *argument) {
    struct connection *c = argument;
    int yes = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct inbox *inbox = malloc(sizeof *inbox);
    inbox->held = 0;
    pthread_mutex_init(&c->sending, NULL);
    if (greet(c)) {
        pthread_t announcer;
        bool announces = c->peer->have_percent < 100 && pthread_create(&announcer, NULL, announce_pieces, c) == 0;
        serve_requests(c, inbox);
        shutdown(c->fd, SHUT_RDWR);
        if (announces) pthread_join(announcer, NULL);
    }
    close(c->fd);
    char ip[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &c->remote.sin_addr, ip, sizeof ip);
    printf("closed %s sent %llu\n", ip, (unsigned long long)c->sent);
    free(inbox);
    free(c->have);
    free(c);
    return NULL;
}

/* @param size 0: the file's own */
static void add_torrent(const char *info_hash, uint64_t piece_length, uint64_t size, const char *path) {
    swarm.torrents = realloc(swarm.torrents, (swarm.torrent_count + 1) * sizeof *swarm.torrents);
    struct torrent *t = &swarm.torrents[swarm.torrent_count++];
    for (int i = 0; i < 20; i++)
        if (sscanf(info_hash + 2 * i, "%2hhx", &t->info_hash[i]) != 1) errx(2, "%s: not an info-hash", info_hash);
    int fd = open(path, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) err(1, "%s", path);
    t->piece_length = piece_length;
    t->file_size = (uint64_t)status.st_size;
    t->size = size > 0 ? size : t->file_size;
    t->pieces = (t->size + piece_length - 1) / piece_length;
    t->first_block = swarm.block_count;
    swarm.block_count += (t->size + BLOCK - 1) / BLOCK;
    t->data = mmap(NULL, t->file_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (t->data == MAP_FAILED) err(1, "mmap");
    close(fd);
}

static void add_peer(const char *address, uint64_t rate, uint64_t stall_after, unsigned have_percent) {
    swarm.peers = realloc(swarm.peers, (swarm.peer_count + 1) * sizeof *swarm.peers);
    struct peer *peer = &swarm.peers[swarm.peer_count++];
    *peer = (struct peer){.rate = rate, .stall_after = stall_after, .have_percent = have_percent};
    if (inet_pton(AF_INET, address, &peer->address) != 1) errx(2, "not an address: %s", address);
}

static FILE *open_list(const char *path) {
    FILE *list = fopen(path, "r");
    if (list == NULL) err(1, "%s", path);
    return list;
}

static void add_torrents(const char *list_path) {
    FILE *list = open_list(list_path);
    char info_hash[41], path[4096];
    unsigned long long piece_length, size;
    while (fscanf(list, "%40s %llu %llu %4095[^\n]", info_hash, &piece_length, &size, path) == 4)
        add_torrent(info_hash, piece_length, size, path);
    fclose(list);
}

static void add_peers(const char *list_path) {
    FILE *list = open_list(list_path);
    char address[INET_ADDRSTRLEN];
    unsigned long long rate, stall_after;
    unsigned have_percent;
    while (fscanf(list, "%15s %llu %llu %u", address, &rate, &stall_after, &have_percent) == 4)
        add_peer(address, rate, stall_after, have_percent);
    fclose(list);
}

static void parse(int count, char **argument) {
    static const struct option options[] = {
        {"address", required_argument, NULL, 'a'},       {"port", required_argument, NULL, 'p'},
        {"info-hash", required_argument, NULL, 'i'},     {"piece-length", required_argument, NULL, 'l'},
        {"file", required_argument, NULL, 'f'},          {"rate", required_argument, NULL, 'r'},
        {"corrupt-every", required_argument, NULL, 'c'}, {"torrents", required_argument, NULL, 't'},
        {"peers", required_argument, NULL, 'P'},         {"send-buffer", required_argument, NULL, 's'},
        {"reqq", required_argument, NULL, 'q'},          {"milestones", no_argument, NULL, 'm'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NULL, *info_hash = NULL, *address = NULL;
    uint64_t piece_length = 0, rate = 0;
    bool milestones = false;
    for (int option; (option = getopt_long(count, argument, "", options, NULL)) != -1;) {
        switch (option) {
        case 'a': address = optarg; break;
        case 'p': swarm.port = atoi(optarg); break;
        case 'i': info_hash = optarg; break;
        case 'l': piece_length = strtoull(optarg, NULL, 10); break;
        case 'f': path = optarg; break;
        case 'r': rate = strtoull(optarg, NULL, 10); break;
        case 'c': swarm.corrupt_every = strtoull(optarg, NULL, 10); break;
        case 't': add_torrents(optarg); break;
        case 'P': add_peers(optarg); break;
        case 's': swarm.send_buffer = atoi(optarg); break;
        case 'q': swarm.reqq = atoi(optarg); break;
        case 'm': milestones = true; break;
        default: exit(2);
        }
    }
    if (info_hash != NULL && piece_length > 0 && path != NULL) add_torrent(info_hash, piece_length, 0, path);
    if (address != NULL) add_peer(address, rate, 0, 100);
    if (swarm.port == 0 || swarm.torrent_count == 0 || swarm.peer_count == 0)
        errx(2, "--port is needed, and a torrent, and an address");
    if (milestones) swarm.sent_blocks = calloc(swarm.block_count / 64 + 1, sizeof *swarm.sent_blocks);
}

static int listen_on(const struct peer *peer) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in own = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)swarm.port), .sin_addr = peer->address};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    /* Accepted sockets inherit it. FORCE goes beyond the system's limit and needs root. */
    if (swarm.send_buffer > 0)
        setsockopt(listener, SOL_SOCKET, SO_SNDBUFFORCE, &swarm.send_buffer, sizeof swarm.send_buffer);
    if (bind(listener, (struct sockaddr *)&own, sizeof own) < 0 || listen(listener, 256) < 0)
        err(1, "%s", inet_ntoa(peer->address));
    return listener;
}

static void *accept_all(void *argument) {
    const struct peer *peer = argument;
    for (;;) {
        struct connection *c = calloc(1, sizeof *c);
        socklen_t length = sizeof c->remote;
        c->peer = peer;
        c->fd = accept(peer->listener, (struct sockaddr *)&c->remote, &length);
        pthread_t thread;
        if (c->fd < 0 || pthread_create(&thread, NULL, serve, c) != 0) {
            free(c);
            continue;
        }
        pthread_detach(thread);
    }
    return NULL;
}

int main(int count, char **argument) {
    parse(count, argument);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < swarm.peer_count; i++) swarm.peers[i].listener = listen_on(&swarm.peers[i]);
    puts("ready");
    for (size_t i = 1; i < swarm.peer_count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, accept_all, &swarm.peers[i]) != 0) errx(1, "no thread for a listener");
        pthread_detach(thread);
    }
    accept_all(&swarm.peers[0]);
}
