/*
 * One datagram to systemd's notification socket (sd_notify(3)). Node has no AF_UNIX datagram socket, and the program that systemd ships for this costs 17 ms of
 * processor time a call and must be let in with NotifyAccess=all, together with everything else that runs in the unit.
 * N-API only, so that one build serves every Node.
 */
#include <errno.h>
#include <node_api.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_STATE_BYTES 4096

/* Returns 0, or an errno. Never blocks: a service manager that does not read must not stop the agent. */
static int send_state(const char *path, size_t path_length, const char *state, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path_length == 0 || path_length >= sizeof address.sun_path) return EINVAL;
  memcpy(address.sun_path, path, path_length);
  /* An abstract socket is written with an @ in the place of the NUL. */
  if (address.sun_path[0] == '@') address.sun_path[0] = 0;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_length);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  ssize_t sent = sendto(fd, state, length, MSG_NOSIGNAL, (struct sockaddr *)&address, size);
  int failure = sent < 0 ? errno : 0;
  close(fd);
  return failure;
}

/* notify(path, state): 0 or an errno. */
static napi_value notify(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  char path[sizeof((struct sockaddr_un *)0)->sun_path + 1];
  char state[MAX_STATE_BYTES];
  size_t path_length = 0;
  size_t length = 0;
  int failure = EINVAL;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok && count == 2 &&
      napi_get_value_string_utf8(env, arguments[0], path, sizeof path, &path_length) == napi_ok &&
      napi_get_value_string_utf8(env, arguments[1], state, sizeof state, &length) == napi_ok)
    failure = send_state(path, path_length, state, length);
  napi_value result;
  return napi_create_int32(env, failure, &result) == napi_ok ? result : NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "notify", NAPI_AUTO_LENGTH, notify, NULL, &function) != napi_ok) return NULL;
  napi_set_named_property(env, exports, "notify", function);
  return exports;
}
