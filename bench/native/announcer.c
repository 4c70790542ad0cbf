/*
 * Load for a UDP tracker (BEP 15): keeps WINDOW announces in flight for SECONDS and counts the answers.
 *
 *   announcer ADDRESS PORT SECONDS WINDOW TORRENTS SOURCES PORTS [echo]
 *
 * SOURCES sockets, each from an address of its own (127.0.1.1 on), each with a connection id of its own. An announce is
 * for one of TORRENTS info-hashes (the number, big endian, behind 16 zero bytes), from one of PORTS ports, so that
 * TORRENTS x SOURCES x PORTS peers take part. One in ten is a seed, fifty peers are asked for. With `echo` the other side
 * sends back what it gets: what the machine's datagrams cost alone. What is not answered within 200 ms counts as lost and
 * is sent anew.
 *
 * Prints `answers SECONDS bytes errors lost`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, ANSWER_BYTES = 2048, ANNOUNCE_BYTES = 98, MAX_SOURCES = 1024 };

struct source {
  int fd;
  int in_flight;
  uint8_t connection_id[8];
};

static struct source sources[MAX_SOURCES];
static uint32_t torrent_count, port_count;
static uint32_t random_state = 2463534242u;
static uint8_t packets[BATCH][ANNOUNCE_BYTES];
static uint8_t answers[BATCH][ANSWER_BYTES];
static struct iovec send_parts[BATCH], receive_parts[BATCH];
static struct mmsghdr to_send[BATCH], to_receive[BATCH];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

static int open_source(uint32_t index, const struct sockaddr_in *server) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000101u + index)};
  int room = 1 << 20;
  if (fd < 0) fail("socket");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (bind(fd, (struct sockaddr *)&local, sizeof local) != 0) fail("bind");
  if (connect(fd, (const struct sockaddr *)server, sizeof *server) != 0) fail("connect");
  return fd;
}

/* Asks until there is an answer: the tracker may just be starting. */
static void ask_connection_id(struct source *source) {
  uint8_t request[16] = {0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80}, answer[64];
  struct pollfd poll_for = {.fd = source->fd, .events = POLLIN};
  for (int attempt = 0; attempt < 50; attempt++) {
    /* A port that is still closed refuses at once. */
    if (send(source->fd, request, sizeof request, 0) == 16 && poll(&poll_for, 1, 100) == 1 &&
        recv(source->fd, answer, sizeof answer, 0) == 16) {
      memcpy(source->connection_id, answer + 8, 8);
      return;
    }
    usleep(100 * 1000);
  }
  fprintf(stderr, "nobody answers\n");
  exit(1);
}

static void write_announce(uint8_t *packet, const struct source *source) {
  memset(packet, 0, ANNOUNCE_BYTES);
  memcpy(packet, source->connection_id, 8);
  put32(packet + 8, 1);
  put32(packet + 12, next_random());
  put32(packet + 32, next_random() % torrent_count);
  uint32_t port = 10001 + next_random() % port_count;
  memcpy(packet + 36, "-LD0001-", 8);
  put32(packet + 44, (uint32_t)(source - sources));
  put32(packet + 48, port);
  put32(packet + 68, next_random() % 10);
  put32(packet + 92, 50);
  packet[96] = port >> 8;
  packet[97] = port;
}

static void send_announces(struct source *source, int count) {
  while (count > 0) {
    int batch = count < BATCH ? count : BATCH;
    for (int i = 0; i < batch; i++) write_announce(packets[i], source);
    int sent = sendmmsg(source->fd, to_send, batch, 0);
    if (sent <= 0) return;
    source->in_flight += sent;
    count -= sent;
  }
}

static void prepare_batches(void) {
  for (int i = 0; i < BATCH; i++) {
    send_parts[i] = (struct iovec){packets[i], ANNOUNCE_BYTES};
    receive_parts[i] = (struct iovec){answers[i], ANSWER_BYTES};
    to_send[i].msg_hdr = (struct msghdr){.msg_iov = &send_parts[i], .msg_iovlen = 1};
    to_receive[i].msg_hdr = (struct msghdr){.msg_iov = &receive_parts[i], .msg_iovlen = 1};
  }
}

int main(int argc, char **argv) {
  if (argc < 8) {
    fprintf(stderr, "usage: announcer ADDRESS PORT SECONDS WINDOW TORRENTS SOURCES PORTS [echo]\n");
    return 2;
  }
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  double seconds = atof(argv[3]);
  int source_count = atoi(argv[6]);
  int window = atoi(argv[4]) / source_count;
  torrent_count = atoi(argv[5]);
  port_count = atoi(argv[7]);
  int is_echo = argc > 8;
  if (source_count < 1 || source_count > MAX_SOURCES || torrent_count < 1 || port_count < 1) return 2;
  if (window < 1) window = 1;
  prepare_batches();
  struct pollfd polled[MAX_SOURCES];
  for (int i = 0; i < source_count; i++) {
    sources[i].fd = open_source(i, &server);
    if (!is_echo) ask_connection_id(&sources[i]);
    polled[i] = (struct pollfd){.fd = sources[i].fd, .events = POLLIN};
  }
  uint64_t answer_count = 0, byte_count = 0, error_count = 0, lost_count = 0;
  double began = now(), at = began;
  for (int i = 0; i < source_count; i++) send_announces(&sources[i], window);
  while (at - began < seconds) {
    int ready = poll(polled, source_count, 200);
    if (ready == 0) {
      for (int i = 0; i < source_count; i++) {
        lost_count += sources[i].in_flight;
        sources[i].in_flight = 0;
        send_announces(&sources[i], window);
      }
    }
    for (int i = 0; i < source_count; i++) {
      if (!(polled[i].revents & POLLIN)) continue;
      int count = recvmmsg(sources[i].fd, to_receive, BATCH, MSG_DONTWAIT, NULL);
      if (count <= 0) continue;
      for (int k = 0; k < count; k++) {
        byte_count += to_receive[k].msg_len;
        /* An answer to an earlier connect may come late: it is no error. */
        if (!is_echo && get32(answers[k]) == 3) error_count++;
      }
      answer_count += count;
      sources[i].in_flight -= count;
      send_announces(&sources[i], count);
    }
    at = now();
  }
  printf("%llu %.3f %llu %llu %llu\n", (unsigned long long)answer_count, at - began,
         (unsigned long long)byte_count, (unsigned long long)error_count, (unsigned long long)lost_count);
  return 0;
}
