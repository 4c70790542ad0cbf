/*
 * link: a long line in user space. Joins two network namespaces by a TUN pair and forwards packets with delay, rate,
 * a queue before the rate (what does not fit is dropped) and random loss, the same both ways.
 *
 * usage: link NAMESPACE_A NAMESPACE_B INTERFACE DELAY_MS BYTES_PER_SECOND QUEUE_BYTES LOSS_PER_MILLION
 * DELAY_MS is one way; a rate of 0 is none. INTERFACE is made in both namespaces: give it addresses and bring it up
 * after "ready" was printed. Every 100 ms that something arrived in B it prints "T BYTES DROPPED": seconds of
 * CLOCK_MONOTONIC, bytes delivered to B so far, headers included, and packets dropped in either direction. Ends when
 * killed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    LONGEST_PACKET = 65536,
    STORE_LENGTH = 1 << 28, /* bytes under way in one direction: 1 s at 2 Gbit/s */
    MOST_PACKETS = 1 << 20,
    BURST = 64, /* packets taken from one side before the other gets its turn */
};

static const double REPORT_EVERY = 0.1;

struct packet {
    double due;
    uint32_t offset, length;
};

/* What travels one way: the bytes in a ring, and a ring of packets in the order they leave. */
struct direction {
    int from, to;
    uint8_t *store;
    uint32_t store_end;
    struct packet *packets;
    uint32_t first, count;
    double line_free_at;
    uint64_t delivered;
};

static struct {
    double delay, rate, queue;
    uint64_t loss_per_million;
    uint64_t dropped;
    uint64_t random;
} line;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int make_tun(const char *name_space, const char *interface) {
    char path[256];
    snprintf(path, sizeof path, "/var/run/netns/%s", name_space);
    int handle = open(path, O_RDONLY | O_CLOEXEC);
    if (handle < 0 || setns(handle, CLONE_NEWNET) < 0) err(1, "%s", path);
    close(handle);
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0) err(1, "tun");
    return tun;
}

/* Always the same sequence. */
static int is_lost(void) {
    line.random = line.random * 6364136223846793005ull + 1442695040888963407ull;
    return (line.random >> 33) % 1000000 < line.loss_per_million;
}

static void accept_packet(struct direction *d, uint32_t length) {
    double now = seconds();
    if (d->line_free_at < now) d->line_free_at = now;
    int is_full = line.rate > 0 && (d->line_free_at - now) * line.rate > line.queue;
    if (is_full || is_lost() || d->count == MOST_PACKETS) {
        line.dropped += 1;
        return;
    }
    if (line.rate > 0) d->line_free_at += length / line.rate;
    d->packets[(d->first + d->count) % MOST_PACKETS] =
        (struct packet){d->line_free_at + line.delay, d->store_end, length};
    d->count += 1;
    d->store_end += length;
}

static void take_in(struct direction *d) {
    for (int i = 0; i < BURST; i++) {
        if (d->store_end + LONGEST_PACKET > STORE_LENGTH) d->store_end = 0;
        ssize_t length = read(d->from, d->store + d->store_end, LONGEST_PACKET);
        if (length <= 0) return;
        accept_packet(d, (uint32_t)length);
    }
}

/* @return when the next packet is due; infinity when none is under way */
static double give_out(struct direction *d) {
    while (d->count > 0) {
        struct packet *packet = &d->packets[d->first];
        double now = seconds();
        if (packet->due > now) return packet->due;
        if (write(d->to, d->store + packet->offset, packet->length) < 0 && errno == EAGAIN) return now;
        d->delivered += packet->length;
        d->first = (d->first + 1) % MOST_PACKETS;
        d->count -= 1;
    }
    return __builtin_inf();
}

static void report(const struct direction *d) {
    static double last_time;
    static uint64_t last_count;
    double now = seconds();
    if (now - last_time < REPORT_EVERY || d->delivered == last_count) return;
    printf("%.3f %llu %llu\n", now, (unsigned long long)d->delivered, (unsigned long long)line.dropped);
    last_time = now;
    last_count = d->delivered;
}

int main(int count, char **argument) {
    if (count != 8)
        errx(2, "usage: link NAMESPACE_A NAMESPACE_B INTERFACE DELAY_MS BYTES_PER_SECOND QUEUE_BYTES LOSS_PER_MILLION");
    int a = make_tun(argument[1], argument[3]), b = make_tun(argument[2], argument[3]);
    line.delay = atof(argument[4]) / 1000;
    line.rate = atof(argument[5]);
    line.queue = atof(argument[6]);
    line.loss_per_million = strtoull(argument[7], NULL, 10);
    struct direction directions[2] = {{.from = a, .to = b}, {.from = b, .to = a}};
    for (int i = 0; i < 2; i++) {
        directions[i].store = malloc(STORE_LENGTH);
        directions[i].packets = malloc(sizeof(struct packet) * MOST_PACKETS);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    for (;;) {
        double next = give_out(&directions[0]), other = give_out(&directions[1]);
        if (other < next) next = other;
        report(&directions[0]);
        double pause = next - seconds();
        if (pause < 0) pause = 0;
        if (pause > 1) pause = 1;
        struct timespec limit = {(time_t)pause, (long)((pause - (double)(time_t)pause) * 1e9)};
        struct pollfd wanted[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
        ppoll(wanted, 2, &limit, NULL);
        take_in(&directions[0]);
        take_in(&directions[1]);
    }
}
