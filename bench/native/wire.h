/* Numbers of the peer protocol (BEP 3): 4 bytes, the highest first. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

static uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return ntohl(value);
}

static void put32(uint8_t *at, uint32_t value) {
    value = htonl(value);
    memcpy(at, &value, 4);
}
