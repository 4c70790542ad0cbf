/*
 * floor: what this machine must spend at the least to receive a torrent from one peer, check it and store it.
 *
 * One thread: it keeps a number of requests open, in order, gathers each piece, hashes it while it is hot in the cache,
 * compares, and writes it with one pwrite. No choice of pieces, no second peer, no recovery: any surprise ends it.
 *
 * usage: floor IP PORT INFO_HASH_HEX PIECE_LENGTH TOTAL_BYTES PIECE_HASHES_FILE OUTPUT_FILE
 *        floor check PIECE_LENGTH TOTAL_BYTES PIECE_HASHES_FILE FILE     reads and hashes what is there, on one core
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

enum {
    BLOCK = 16 * 1024,
    OPEN_REQUESTS = 256,
    INBOX_LENGTH = 1024 * 1024,
    HANDSHAKE_LENGTH = 68,
    REQUEST_LENGTH = 17,
    MESSAGE_UNCHOKE = 1,
    MESSAGE_INTERESTED = 2,
    MESSAGE_REQUEST = 6,
    MESSAGE_PIECE = 7,
};

static struct {
    uint64_t piece_length;
    uint64_t total;
    uint8_t *hashes;
    uint8_t *piece;      /* being gathered */
    uint64_t piece_index;
    uint64_t piece_filled;
    uint64_t done;       /* bytes verified and written */
    uint64_t asked;      /* bytes requested: always the next block in order */
    unsigned open;       /* requests without an answer */
    int socket;
    int output;
    int unchoked;
} job;

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t length_of_piece(uint64_t index) {
    return smaller(job.piece_length, job.total - index * job.piece_length);
}

static void check_piece(uint64_t length) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    static const EVP_MD *sha1;
    if (sha1 == NULL) sha1 = EVP_sha1();
    EVP_Digest(job.piece, length, digest, NULL, sha1, NULL);
    if (memcmp(digest, job.hashes + 20 * job.piece_index, 20) != 0) errx(1, "piece %llu is wrong", (unsigned long long)job.piece_index);
}

static void end_piece(uint64_t length) {
    check_piece(length);
    off_t position = (off_t)(job.piece_index * job.piece_length);
    if (pwrite(job.output, job.piece, length, position) != (ssize_t)length) err(1, "pwrite");
    job.done += length;
    job.piece_index += 1;
    job.piece_filled = 0;
}

/* body: <piece u32> <offset u32> <bytes> */
static void on_block(const uint8_t *body, uint64_t length) {
    if (get32(body) != job.piece_index || get32(body + 4) != job.piece_filled) errx(1, "a block out of order");
    memcpy(job.piece + job.piece_filled, body + 8, length);
    job.piece_filled += length;
    job.open -= 1;
    uint64_t whole = length_of_piece(job.piece_index);
    if (job.piece_filled == whole) end_piece(whole);
}

static void on_message(const uint8_t *message, uint32_t length) {
    if (length == 0) return;
    if (message[0] == MESSAGE_UNCHOKE) job.unchoked = 1;
    if (message[0] == MESSAGE_PIECE && length > 9) on_block(message + 1, length - 9);
}

static void ask_for_more(void) {
    static uint8_t batch[OPEN_REQUESTS * REQUEST_LENGTH];
    size_t filled = 0;
    while (job.open < OPEN_REQUESTS && job.asked < job.total) {
        uint64_t index = job.asked / job.piece_length, offset = job.asked % job.piece_length;
        uint64_t length = smaller(BLOCK, length_of_piece(index) - offset);
        uint8_t *request = batch + filled;
        put32(request, 13);
        request[4] = MESSAGE_REQUEST;
        put32(request + 5, (uint32_t)index);
        put32(request + 9, (uint32_t)offset);
        put32(request + 13, (uint32_t)length);
        filled += REQUEST_LENGTH;
        job.asked += length;
        job.open += 1;
    }
    if (filled > 0 && send(job.socket, batch, filled, 0) != (ssize_t)filled) err(1, "send");
}

static void greet(const char *info_hash_hex) {
    uint8_t opening[HANDSHAKE_LENGTH + 5] = "\x13" "BitTorrent protocol";
    for (int i = 0; i < 20; i++) sscanf(info_hash_hex + 2 * i, "%2hhx", &opening[28 + i]);
    memcpy(opening + 48, "-FL0001-measurement0", 20);
    put32(opening + HANDSHAKE_LENGTH, 1);
    opening[HANDSHAKE_LENGTH + 4] = MESSAGE_INTERESTED;
    if (send(job.socket, opening, sizeof opening, 0) != sizeof opening) err(1, "send");
    if (recv(job.socket, opening, HANDSHAKE_LENGTH, MSG_WAITALL) != HANDSHAKE_LENGTH) err(1, "no handshake");
}

static void transfer(void) {
    uint8_t *inbox = malloc(INBOX_LENGTH);
    size_t first = 0, end = 0; /* inbox[first, end) holds what is not decoded yet */
    while (job.done < job.total) {
        ssize_t received = recv(job.socket, inbox + end, INBOX_LENGTH - end, 0);
        if (received <= 0) err(1, "the seeder closed");
        end += (size_t)received;
        while (end - first >= 4 && end - first >= 4 + (size_t)get32(inbox + first)) {
            uint32_t length = get32(inbox + first);
            on_message(inbox + first + 4, length);
            first += 4 + length;
        }
        if (first == end) first = end = 0;
        else if (INBOX_LENGTH - end < 4 * BLOCK) {
            memmove(inbox, inbox + first, end - first);
            end -= first;
            first = 0;
        }
        if (job.unchoked) ask_for_more();
    }
}

static void load(const char *piece_length, const char *total, const char *hashes_path) {
    job.piece_length = strtoull(piece_length, NULL, 10);
    job.total = strtoull(total, NULL, 10);
    size_t hashes_length = 20 * ((job.total + job.piece_length - 1) / job.piece_length);
    job.hashes = malloc(hashes_length);
    job.piece = malloc(job.piece_length);
    FILE *hashes = fopen(hashes_path, "rb");
    if (hashes == NULL || fread(job.hashes, 1, hashes_length, hashes) != hashes_length) err(1, "%s", hashes_path);
    fclose(hashes);
}

static int check_file(const char *path) {
    int file = open(path, O_RDONLY);
    if (file < 0) err(1, "%s", path);
    for (; job.done < job.total; job.piece_index += 1) {
        uint64_t length = length_of_piece(job.piece_index);
        if (read(file, job.piece, length) != (ssize_t)length) err(1, "%s", path);
        check_piece(length);
        job.done += length;
    }
    return 0;
}

static void connect_to(const char *address, const char *port) {
    struct sockaddr_in seeder = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int yes = 1;
    job.socket = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, address, &seeder.sin_addr) != 1) errx(2, "not an address: %s", address);
    if (connect(job.socket, (struct sockaddr *)&seeder, sizeof seeder) < 0) err(1, "%s", address);
    setsockopt(job.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int main(int count, char **argument) {
    if (count == 6 && strcmp(argument[1], "check") == 0) {
        load(argument[2], argument[3], argument[4]);
        return check_file(argument[5]);
    }
    if (count != 8) errx(2, "usage: floor IP PORT INFO_HASH_HEX PIECE_LENGTH TOTAL_BYTES PIECE_HASHES_FILE OUTPUT_FILE");
    load(argument[4], argument[5], argument[6]);
    job.output = open(argument[7], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (job.output < 0) err(1, "%s", argument[7]);
    connect_to(argument[1], argument[2]);
    greet(argument[3]);
    transfer();
    return 0;
}
