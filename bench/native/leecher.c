/*
 * leecher: fetches a single-file torrent from a seeder at next to no cost and says what that cost the seeder.
 *
 * A thread for each connection keeps a number of requests open, takes the blocks in whatever order they come, compares
 * each with the mapped payload and keeps nothing. It speaks only what that needs (BEP 3) and no extension. All connections
 * are made first; when every one of them is unchoked and has seen the whole torrent announced, the clocks start.
 *
 * usage: leecher --seeder-pid N --address IP --port N --info-hash HEX --piece-length N --file PATH --from IP...
 *                [--open N] [--rate BYTES_PER_SECOND] [--shuffle] [--idle IP]... [--seconds N]
 *   --seeder-pid N   whose cost is told
 *   --from IP        one connection from this address; again for each more
 *   --open N         requests of each connection (256)
 *   --rate N         of each connection; 0: as fast as it goes
 *   --idle IP        one connection from this address that wants all and asks for nothing, let in or not
 *   --seconds N      ends after so long, whatever came by then, and prints what had come after each 100 ms
 *   --shuffle        pieces in random order, another one for each connection; otherwise from the first to the last
 *
 * Prints one JSON object: wall time of the transfer, CPU time of the seeder during it, its peak resident set during it, and
 * the bytes that came.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

enum {
    BLOCK = 16 * 1024,
    INBOX_LENGTH = 1024 * 1024,
    HANDSHAKE_LENGTH = 68,
    REQUEST_LENGTH = 17,
    MOST_OPEN = 4096,
    MOST_CONNECTIONS = 256,
    SAMPLES_A_SECOND = 10,
    MOST_SECONDS = 100,
    READY_WITHIN_SECONDS = 60,
    MESSAGE_CHOKE = 0,
    MESSAGE_UNCHOKE = 1,
    MESSAGE_INTERESTED = 2,
    MESSAGE_HAVE = 4,
    MESSAGE_BITFIELD = 5,
    MESSAGE_REQUEST = 6,
    MESSAGE_PIECE = 7,
};

static struct {
    pid_t seeder;
    struct sockaddr_in address;
    uint8_t info_hash[20];
    uint64_t piece_length, total, pieces;
    const uint8_t *payload;
    unsigned most_open;
    uint64_t rate;
    bool shuffles;
    unsigned seconds, fetching, let_in;
    pthread_barrier_t ready, measured;
} job;

struct connection {
    struct in_addr from;
    unsigned number;
    bool is_idle;
    pthread_t thread;
    int socket;
    bool unchoked;
    uint64_t announced; /* pieces */
    uint8_t *inbox;
    size_t first, end;  /* inbox[first, end) holds what is not decoded yet */
    uint32_t *order;    /* of the pieces */
    uint64_t piece_at, offset; /* what is asked for next: order[piece_at] */
    unsigned open;
    uint64_t received;
    uint8_t *came;      /* one byte a block */
};

static double seconds_of(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) < 0) err(1, "clock_gettime");
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t length_of_piece(uint64_t index) { return smaller(job.piece_length, job.total - index * job.piece_length); }

static uint64_t blocks_of_piece(void) { return (job.piece_length + BLOCK - 1) / BLOCK; }

static void on_block(struct connection *c, const uint8_t *body, uint64_t length) {
    uint64_t piece = get32(body), offset = get32(body + 4);
    if (piece >= job.pieces || offset % BLOCK != 0 || offset + length > length_of_piece(piece)) errx(1, "a block nobody asked for");
    uint8_t *came = &c->came[piece * blocks_of_piece() + offset / BLOCK];
    if (*came) errx(1, "a block came twice");
    *came = 1;
    if (memcmp(job.payload + piece * job.piece_length + offset, body + 8, length) != 0) errx(1, "piece %u is wrong", (unsigned)piece);
    c->received += length;
    c->open -= 1;
}

static void on_message(struct connection *c, const uint8_t *message, uint32_t length) {
    if (length == 0) return;
    if (message[0] == MESSAGE_PIECE && length > 9) on_block(c, message + 1, length - 9);
    if (message[0] == MESSAGE_UNCHOKE) c->unchoked = true;
    if (message[0] == MESSAGE_CHOKE && c->open > 0) errx(1, "choked in the middle");
    if (message[0] == MESSAGE_HAVE) c->announced += 1;
    if (message[0] == MESSAGE_BITFIELD)
        for (uint32_t i = 1; i < length; i++) c->announced += (uint64_t)__builtin_popcount(message[i]);
}

/* @return false when the other side closed */
static bool receive(struct connection *c) {
    if (INBOX_LENGTH - c->end < 4 * BLOCK) {
        memmove(c->inbox, c->inbox + c->first, c->end - c->first);
        c->end -= c->first;
        c->first = 0;
    }
    ssize_t received = recv(c->socket, c->inbox + c->end, INBOX_LENGTH - c->end, 0);
    if (received <= 0) return false;
    c->end += (size_t)received;
    while (c->end - c->first >= 4 && c->end - c->first >= 4 + (size_t)get32(c->inbox + c->first)) {
        uint32_t length = get32(c->inbox + c->first);
        on_message(c, c->inbox + c->first + 4, length);
        c->first += 4 + length;
    }
    if (c->first == c->end) c->first = c->end = 0;
    return true;
}

static void ask_for_more(struct connection *c) {
    uint8_t batch[MOST_OPEN * REQUEST_LENGTH];
    size_t filled = 0;
    while (c->open < job.most_open && c->piece_at < job.pieces) {
        uint32_t index = c->order[c->piece_at];
        uint64_t length = smaller(BLOCK, length_of_piece(index) - c->offset);
        uint8_t *request = batch + filled;
        put32(request, 13);
        request[4] = MESSAGE_REQUEST;
        put32(request + 5, index);
        put32(request + 9, (uint32_t)c->offset);
        put32(request + 13, (uint32_t)length);
        filled += REQUEST_LENGTH;
        c->open += 1;
        c->offset += length;
        if (c->offset < length_of_piece(index)) continue;
        c->offset = 0;
        c->piece_at += 1;
    }
    if (filled > 0 && send(c->socket, batch, filled, MSG_NOSIGNAL) != (ssize_t)filled) err(1, "send");
}

/* @return false when the seeder is not there yet, or does not want us yet */
static bool greet(struct connection *c) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = c->from};
    int yes = 1;
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(c->socket, (struct sockaddr *)&own, sizeof own) < 0) err(1, "%s", inet_ntoa(c->from));
    if (connect(c->socket, (struct sockaddr *)&job.address, sizeof job.address) < 0) return false;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    uint8_t opening[HANDSHAKE_LENGTH + 5] = "\x13" "BitTorrent protocol";
    memcpy(opening + 28, job.info_hash, 20);
    memcpy(opening + 48, "-LE0001-measurement", 19);
    opening[67] = (uint8_t)c->number;
    put32(opening + HANDSHAKE_LENGTH, 1);
    opening[HANDSHAKE_LENGTH + 4] = MESSAGE_INTERESTED;
    if (send(c->socket, opening, sizeof opening, MSG_NOSIGNAL) != sizeof opening) return false;
    if (recv(c->socket, opening, HANDSHAKE_LENGTH, MSG_WAITALL) != HANDSHAKE_LENGTH) return false;
    c->unchoked = false;
    c->announced = c->first = c->end = 0;
    while ((!c->unchoked && !c->is_idle) || c->announced < job.pieces)
        if (!receive(c)) return false;
    return true;
}

static void make_order(struct connection *c) {
    c->order = malloc(job.pieces * sizeof *c->order);
    for (uint32_t i = 0; i < job.pieces; i++) c->order[i] = i;
    uint64_t random = c->number + 1;
    for (uint64_t i = job.pieces; job.shuffles && i > 1; i--) {
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        uint64_t other = (random >> 33) % i;
        uint32_t piece = c->order[i - 1];
        c->order[i - 1] = c->order[other];
        c->order[other] = piece;
    }
}

/* Takes no more than the line would have brought by now. */
static void keep_pace(struct connection *c, double began) {
    double left = began + (double)c->received / (double)job.rate - seconds_of(CLOCK_MONOTONIC);
    if (left <= 0) return;
    struct timespec pause = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    nanosleep(&pause, NULL);
}

static void *fetch(void *argument) {
    struct connection *c = argument;
    c->inbox = malloc(INBOX_LENGTH);
    c->came = calloc(job.pieces, blocks_of_piece());
    make_order(c);
    double began = seconds_of(CLOCK_MONOTONIC);
    while (c->is_idle && __atomic_load_n(&job.let_in, __ATOMIC_RELAXED) < job.fetching) usleep(10 * 1000); /* they take no slot */
    while (!greet(c)) {
        close(c->socket);
        if (seconds_of(CLOCK_MONOTONIC) > began + READY_WITHIN_SECONDS) errx(1, "the seeder does not let us in");
        usleep(50 * 1000);
    }
    if (!c->is_idle) __atomic_add_fetch(&job.let_in, 1, __ATOMIC_RELAXED);
    pthread_barrier_wait(&job.ready);
    pthread_barrier_wait(&job.measured);
    began = seconds_of(CLOCK_MONOTONIC);
    while (c->is_idle)
        if (!receive(c)) return NULL;
    while (c->received < job.total && (job.seconds == 0 || seconds_of(CLOCK_MONOTONIC) < began + job.seconds)) {
        ask_for_more(c);
        if (!receive(c)) errx(1, "the seeder closed");
        if (job.rate > 0) keep_pace(c, began);
    }
    close(c->socket);
    return NULL;
}

struct cost {
    double user, system, cpu;
};

static struct cost cost_of_seeder(void) {
    clockid_t clock;
    if (clock_getcpuclockid(job.seeder, &clock) != 0) errx(1, "no process %d", job.seeder);
    char path[64], text[2048];
    snprintf(path, sizeof path, "/proc/%d/stat", job.seeder);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL) err(1, "%s", path);
    fclose(file);
    unsigned long user, system;
    /* What follows the name, which may have spaces of its own. */
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) errx(1, "%s", path);
    double ticks = (double)sysconf(_SC_CLK_TCK);
    return (struct cost){(double)user / ticks, (double)system / ticks, seconds_of(clock)};
}

static void reset_peak(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", job.seeder);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs("5", file) < 0 || fclose(file) != 0) err(1, "%s", path);
}

static unsigned long peak_kib(void) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", job.seeder);
    FILE *file = fopen(path, "r");
    if (file == NULL) err(1, "%s", path);
    unsigned long kib = 0;
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "VmHWM: %lu", &kib) != 1) continue;
    fclose(file);
    return kib;
}

static void load(const char *path) {
    int fd = open(path, O_RDONLY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) err(1, "%s", path);
    job.total = (uint64_t)status.st_size;
    job.pieces = (job.total + job.piece_length - 1) / job.piece_length;
    job.payload = mmap(NULL, job.total, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (job.payload == MAP_FAILED) err(1, "mmap");
    close(fd);
}

static unsigned parse(int count, char **argument, struct connection *connections) {
    static const struct option options[] = {
        {"seeder-pid", required_argument, NULL, 's'}, {"address", required_argument, NULL, 'a'},
        {"port", required_argument, NULL, 'p'},       {"info-hash", required_argument, NULL, 'i'},
        {"piece-length", required_argument, NULL, 'l'}, {"file", required_argument, NULL, 'f'},
        {"from", required_argument, NULL, 'F'},       {"open", required_argument, NULL, 'o'},
        {"idle", required_argument, NULL, 'I'},       {"seconds", required_argument, NULL, 't'},
        {"rate", required_argument, NULL, 'r'},       {"shuffle", no_argument, NULL, 'S'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NULL;
    unsigned connection_count = 0;
    job.most_open = 256;
    job.address.sin_family = AF_INET;
    for (int option; (option = getopt_long(count, argument, "", options, NULL)) != -1;) {
        switch (option) {
        case 's': job.seeder = atoi(optarg); break;
        case 'a':
            if (inet_pton(AF_INET, optarg, &job.address.sin_addr) != 1) errx(2, "not an address: %s", optarg);
            break;
        case 'p': job.address.sin_port = htons((uint16_t)atoi(optarg)); break;
        case 'i':
            for (int i = 0; i < 20; i++)
                if (sscanf(optarg + 2 * i, "%2hhx", &job.info_hash[i]) != 1) errx(2, "not an info-hash: %s", optarg);
            break;
        case 'l': job.piece_length = strtoull(optarg, NULL, 10); break;
        case 'f': path = optarg; break;
        case 'F':
        case 'I':
            if (connection_count == MOST_CONNECTIONS) errx(2, "too many connections");
            connections[connection_count].is_idle = option == 'I';
            if (option == 'F') job.fetching += 1;
            if (inet_pton(AF_INET, optarg, &connections[connection_count].from) != 1) errx(2, "not an address: %s", optarg);
            connections[connection_count].number = connection_count;
            connection_count += 1;
            break;
        case 'o': job.most_open = (unsigned)atoi(optarg); break;
        case 'r': job.rate = strtoull(optarg, NULL, 10); break;
        case 't': job.seconds = (unsigned)atoi(optarg); break;
        case 'S': job.shuffles = true; break;
        default: exit(2);
        }
    }
    if (job.seeder == 0 || job.piece_length == 0 || path == NULL || connection_count == 0) errx(2, "an option is missing");
    if (job.seconds > MOST_SECONDS) errx(2, "--seconds 1..%d", MOST_SECONDS);
    if (job.most_open == 0 || job.most_open > MOST_OPEN) errx(2, "--open 1..%d", MOST_OPEN);
    load(path);
    return connection_count;
}

static uint64_t received_by(const struct connection *connections, unsigned count) {
    uint64_t received = 0;
    for (unsigned i = 0; i < count; i++) received += __atomic_load_n(&connections[i].received, __ATOMIC_RELAXED);
    return received;
}

int main(int count, char **argument) {
    static struct connection connections[MOST_CONNECTIONS];
    unsigned connection_count = parse(count, argument, connections);
    pthread_barrier_init(&job.ready, NULL, connection_count + 1);
    pthread_barrier_init(&job.measured, NULL, connection_count + 1);
    for (unsigned i = 0; i < connection_count; i++)
        if (pthread_create(&connections[i].thread, NULL, fetch, &connections[i]) != 0) errx(1, "no thread");
    pthread_barrier_wait(&job.ready);
    usleep(200 * 1000); /* the seeder has got over the greetings */
    reset_peak();
    struct cost before = cost_of_seeder();
    double began = seconds_of(CLOCK_MONOTONIC);
    pthread_barrier_wait(&job.measured);
    static uint64_t samples[MOST_SECONDS * SAMPLES_A_SECOND];
    unsigned sample_count = 0;
    for (; sample_count < job.seconds * SAMPLES_A_SECOND; sample_count++) {
        double left = began + (double)(sample_count + 1) / SAMPLES_A_SECOND - seconds_of(CLOCK_MONOTONIC);
        if (left > 0) usleep((useconds_t)(left * 1e6));
        samples[sample_count] = received_by(connections, connection_count);
    }
    for (unsigned i = 0; i < connection_count; i++)
        if (!connections[i].is_idle) pthread_join(connections[i].thread, NULL);
    uint64_t received = received_by(connections, connection_count);
    double wall = seconds_of(CLOCK_MONOTONIC) - began;
    struct cost after = cost_of_seeder();
    printf("{\"wallSeconds\":%.6f,\"cpuSeconds\":%.6f,\"userSeconds\":%.2f,\"systemSeconds\":%.2f,\"peakRssBytes\":%lu,\"receivedBytes\":%llu,\"samples\":[",
           wall, after.cpu - before.cpu, after.user - before.user, after.system - before.system, peak_kib() * 1024,
           (unsigned long long)received);
    for (unsigned i = 0; i < sample_count; i++) printf("%s%llu", i == 0 ? "" : ",", (unsigned long long)samples[i]);
    printf("]}\n");
    return 0;
}
