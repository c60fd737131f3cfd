/*
 * A link with a delay, for a kernel without netem: a TUN interface whose packets come out of it again after a while.
 *
 *   delay NAME DELAY_US JITTER_US      runs until its standard input ends; prints "ready" when the interface exists
 *
 * The namespace routes a link's packets into the interface, and packets coming out of it on to the link (see delay.ts). Each direction passes once.
 * A packet crosses the router twice that way, so its TTL is raised by one here: a trace shows the router once.
 * Jitter adds 0 … JITTER_US to each packet, evenly, and so may reorder; without it the order is kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PACKET_BYTES = 2048, MAX_QUEUED_PACKETS = 16384 }; /* 32 MB, and 160 ms at 100,000 packets a second */

struct packet {
  uint64_t due_ns;
  uint64_t number; /* packets due at the same time keep their order */
  int length;
  unsigned char bytes[MAX_PACKET_BYTES];
};

static struct packet *heap[MAX_QUEUED_PACKETS];
static int queued;

static int before(const struct packet *a, const struct packet *b) {
  return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void swap(int a, int b) {
  struct packet *held = heap[a];
  heap[a] = heap[b];
  heap[b] = held;
}

static void push(struct packet *packet) {
  int at = queued++;
  heap[at] = packet;
  for (; at > 0 && before(heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2) swap(at, (at - 1) / 2);
}

static struct packet *pop(void) {
  struct packet *first = heap[0];
  heap[0] = heap[--queued];
  for (int at = 0, child; (child = 2 * at + 1) < queued; at = child) {
    if (child + 1 < queued && before(heap[child + 1], heap[child])) child++;
    if (!before(heap[child], heap[at])) break;
    swap(at, child);
  }
  return first;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* IPv4: TTL at byte 8, and its checksum follows (RFC 1624); IPv6: hop limit at byte 7. */
static void raise_ttl(unsigned char *ip) {
  if (ip[0] >> 4 == 6) {
    if (ip[7] < 255) ip[7]++;
  } else if (ip[8] < 255) {
    ip[8]++;
    uint32_t sum = (uint32_t)(ip[10] << 8 | ip[11]);
    sum = sum > 0x0100 ? sum - 0x0100 : sum + 0xffff - 0x0100;
    ip[10] = (unsigned char)(sum >> 8);
    ip[11] = (unsigned char)sum;
  }
}

static int open_tun(const char *name) {
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request;
  memset(&request, 0, sizeof request);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0) {
    fprintf(stderr, "Cannot open the TUN interface %s: %s\n", name, strerror(errno));
    exit(3);
  }
  return tun;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: delay NAME DELAY_US JITTER_US\n");
    return 2;
  }
  const uint64_t delay_ns = strtoull(argv[2], NULL, 10) * 1000, jitter_us = strtoull(argv[3], NULL, 10);
  uint64_t number = 0, overflowed = 0;
  int tun = open_tun(argv[1]);
  struct packet *spare = NULL;
  puts("ready");
  fflush(stdout);

  for (;;) {
    struct pollfd ready[2] = {{.fd = tun, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    struct timespec wait = {0, 0}, *timeout = NULL;
    if (queued > 0) {
      uint64_t now = now_ns(), left = heap[0]->due_ns > now ? heap[0]->due_ns - now : 0;
      wait.tv_sec = (time_t)(left / 1000000000u);
      wait.tv_nsec = (long)(left % 1000000000u);
      timeout = &wait;
    }
    if (ppoll(ready, 2, timeout, NULL) < 0 && errno != EINTR) return 3;
    if (ready[1].revents != 0) break;

    for (;;) {
      if (spare == NULL && (spare = malloc(sizeof *spare)) == NULL) return 3;
      spare->length = (int)read(tun, spare->bytes, sizeof spare->bytes);
      if (spare->length <= 0) break;
      if (spare->length < 20) continue;
      if (queued == MAX_QUEUED_PACKETS) {
        overflowed++;
        continue;
      }
      raise_ttl(spare->bytes);
      spare->due_ns = now_ns() + delay_ns + (jitter_us == 0 ? 0 : (uint64_t)random() % (jitter_us + 1) * 1000);
      spare->number = number++;
      push(spare);
      spare = NULL;
    }
    for (uint64_t now = now_ns(); queued > 0 && heap[0]->due_ns <= now;) {
      struct packet *packet = pop();
      if (write(tun, packet->bytes, (size_t)packet->length) < 0 && errno == EIO) return 3;
      if (spare == NULL) spare = packet;
      else free(packet);
    }
  }
  if (overflowed > 0) fprintf(stderr, "%llu packets did not fit the queue\n", (unsigned long long)overflowed);
  return 0;
}
