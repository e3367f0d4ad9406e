/*
 * UDP sockets for Node: receives a batch of what has come in one system call and hands it over in one call into JavaScript; sends at
 * once, without a request object. src/platform/udp/native-udp.ts is the other half.
 *
 * A socket is known to JavaScript by its place in a table. A batch lies in memory that both sides see until the call that tells
 * of it returns: `received` has a slot of SLOT bytes for each datagram, `header` the FIELDS numbers that belong to it.
 * Results below zero are the system's errors (-EINVAL ...), as uv.h has them.
 *
 * All of this runs on the thread of one Node environment; nothing is shared between environments.
 */
#define _GNU_SOURCE /* recvmmsg */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

/* Datagrams of one call, and calls in one turn of the loop; then timers, the other sockets and the database have theirs. */
#define BATCH 32
#define BATCHES 16
/* No UDP payload is longer (IPv6: 65,527), so none is cut. */
#define SLOT 65536
/* length, port, address in four words (IPv4: the last), scope, microseconds in the system's buffer */
#define FIELDS 8
/* No datagram stays in a buffer for so long: a wait beyond it is a clock that was set. Microseconds. */
#define LONGEST_WAIT 60000000
#define SOCKETS 1024
/* uv_ip6_addr reads a scope after the address. */
#define ADDRESS_TEXT (INET6_ADDRSTRLEN + 1 + UV_IF_NAMESIZE)

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} address_t;

/* When the system took a datagram, by its wall clock. */
typedef union {
  struct cmsghdr head; /* for its alignment */
  char bytes[CMSG_SPACE(sizeof(struct timespec))];
} arrival_t;

typedef struct {
  struct udp_socket *sockets[SOCKETS];
  struct mmsghdr messages[BATCH];
  struct iovec pieces[BATCH];
  address_t senders[BATCH];
  arrival_t arrivals[BATCH];
  char *received;
  int32_t *header;
  char outgoing[SLOT];
} module_t;

struct udp_socket {
  uv_poll_t poll; /* libuv promises its size for all of version 1 */
  napi_env env;
  module_t *module;
  napi_ref on_received;
  napi_ref on_writable;
  napi_async_cleanup_hook_handle at_exit;
  int fd;
  int family;
  int place;
};
typedef struct udp_socket udp_socket_t;

static void on_poll(uv_poll_t *poll, int status, int events);

/* What Node-API refuses here is memory or a bug; there is nothing to go on with. */
#define NEED(call)                                                                     \
  do {                                                                                 \
    if ((call) != napi_ok)                                                             \
      napi_fatal_error(__FILE__, NAPI_AUTO_LENGTH, #call " failed", NAPI_AUTO_LENGTH); \
  } while (0)

static napi_value number(napi_env env, int32_t value) {
  napi_value result;
  NEED(napi_create_int32(env, value, &result));
  return result;
}

static module_t *module_of(napi_env env) {
  void *data;
  NEED(napi_get_instance_data(env, &data));
  return data;
}

static udp_socket_t *socket_of(napi_env env, napi_value place) {
  int32_t at = -1;
  if (napi_get_value_int32(env, place, &at) != napi_ok || at < 0 || at >= SOCKETS) return NULL;
  return module_of(env)->sockets[at];
}

/* Family 4 or 6. Node's own reading of addresses, so that both transports agree. */
static int parse_address(napi_env env, napi_value text, uint32_t port, int family, address_t *address) {
  char name[ADDRESS_TEXT];
  size_t length;
  if (napi_get_value_string_latin1(env, text, name, sizeof name, &length) != napi_ok) return UV_EINVAL;
  if (length == sizeof name - 1 || strlen(name) != length || port > 65535) return UV_EINVAL;
  return family == AF_INET ? uv_ip4_addr(name, (int)port, &address->v4) : uv_ip6_addr(name, (int)port, &address->v6);
}

static socklen_t length_of(int family) {
  return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* As Node prints it: a link-local address names its interface. */
static napi_value address_text(napi_env env, const address_t *address) {
  char name[ADDRESS_TEXT + 1] = "";
  if (address->any.sa_family == AF_INET) {
    uv_ip4_name(&address->v4, name, sizeof name);
  } else if (address->any.sa_family == AF_INET6) {
    uv_ip6_name(&address->v6, name, INET6_ADDRSTRLEN);
    if (IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr) && address->v6.sin6_scope_id > 0) {
      size_t at = strlen(name);
      size_t room = sizeof name - at - 1;
      name[at] = '%';
      if (uv_if_indextoiid(address->v6.sin6_scope_id, name + at + 1, &room) != 0) name[at] = '\0';
    }
  }
  napi_value text;
  NEED(napi_create_string_latin1(env, name, NAPI_AUTO_LENGTH, &text));
  return text;
}

/* Opening and closing */

static int bind_socket(int fd, int family, const address_t *address, int buffer) {
  int on = 1;
  if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer) != 0) return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) != 0) return -errno;
  /* A system without it has nothing to say: every wait is 0 then. */
  (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  return bind(fd, &address->any, length_of(family)) == 0 ? 0 : -errno;
}

static int32_t buffer_of(int fd, int option) {
  int32_t size = 0;
  socklen_t length = sizeof size;
  getsockopt(fd, SOL_SOCKET, option, &size, &length);
  return size;
}

static void on_closed(uv_handle_t *poll) {
  udp_socket_t *self = poll->data;
  napi_remove_async_cleanup_hook(self->at_exit);
  free(self);
}

/* The port is free when this returns; the memory goes when libuv has let go of it. */
static void shut(udp_socket_t *self) {
  /* At its end Node lets libuv finish before it calls the hook; if it ever did not, place and descriptor could be another's by now. */
  if (uv_is_closing((uv_handle_t *)&self->poll)) return;
  self->module->sockets[self->place] = NULL;
  uv_close((uv_handle_t *)&self->poll, on_closed);
  close(self->fd);
}

/* The environment ends with the socket open: a worker that is terminated, process.exit. */
static void on_exit_with_socket(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  shut(data);
}

static int new_socket(napi_env env, int family, const address_t *address, int buffer, udp_socket_t **result) {
  module_t *module = module_of(env);
  uv_loop_t *loop;
  NEED(napi_get_uv_event_loop(env, &loop));
  int place = 0;
  while (place < SOCKETS && module->sockets[place] != NULL) place++;
  if (place == SOCKETS) return UV_EMFILE;
  int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  udp_socket_t *self = calloc(1, sizeof *self);
  int error = self == NULL ? UV_ENOMEM : bind_socket(fd, family, address, buffer);
  if (error == 0) error = uv_poll_init(loop, &self->poll, fd);
  if (error != 0) {
    free(self);
    close(fd);
    return error;
  }
  self->poll.data = self;
  self->env = env;
  self->module = module;
  self->fd = fd;
  self->family = family;
  self->place = place;
  NEED(napi_add_async_cleanup_hook(env, on_exit_with_socket, self, &self->at_exit));
  module->sockets[place] = self;
  error = uv_poll_start(&self->poll, UV_READABLE, on_poll);
  if (error != 0) shut(self);
  *result = self;
  return error;
}

static void set_number(napi_env env, napi_value object, const char *name, int32_t value) {
  NEED(napi_set_named_property(env, object, name, number(env, value)));
}

/* open(address, port, family, buffer, onReceived, onWritable) -> { socket, address, port, receiveBuffer, sendBuffer } | error */
static napi_value open_socket(napi_env env, napi_callback_info info) {
  size_t count = 6;
  napi_value args[6];
  NEED(napi_get_cb_info(env, info, &count, args, NULL, NULL));
  uint32_t port = 0;
  int32_t version = 0, buffer = 0;
  napi_valuetype received, writable;
  address_t address;
  memset(&address, 0, sizeof address);
  if (napi_get_value_uint32(env, args[1], &port) != napi_ok || napi_get_value_int32(env, args[2], &version) != napi_ok ||
      napi_get_value_int32(env, args[3], &buffer) != napi_ok ||
      napi_typeof(env, args[4], &received) != napi_ok || received != napi_function ||
      napi_typeof(env, args[5], &writable) != napi_ok || writable != napi_function)
    return number(env, UV_EINVAL);
  int family = version == 6 ? AF_INET6 : AF_INET;
  int error = parse_address(env, args[0], port, family, &address);
  if (error != 0) return number(env, error);
  udp_socket_t *self = NULL;
  error = new_socket(env, family, &address, buffer, &self);
  if (error != 0) return number(env, error);
  NEED(napi_create_reference(env, args[4], 1, &self->on_received));
  NEED(napi_create_reference(env, args[5], 1, &self->on_writable));

  socklen_t length = sizeof address;
  getsockname(self->fd, &address.any, &length);
  napi_value result;
  NEED(napi_create_object(env, &result));
  set_number(env, result, "socket", self->place);
  NEED(napi_set_named_property(env, result, "address", address_text(env, &address)));
  /* Both families have the port at the same place. */
  set_number(env, result, "port", ntohs(address.v4.sin_port));
  set_number(env, result, "receiveBuffer", buffer_of(self->fd, SO_RCVBUF));
  set_number(env, result, "sendBuffer", buffer_of(self->fd, SO_SNDBUF));
  return result;
}

/* close(socket): the callbacks are not called again. */
static napi_value close_socket(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value args[1];
  NEED(napi_get_cb_info(env, info, &count, args, NULL, NULL));
  udp_socket_t *self = socket_of(env, args[0]);
  if (self == NULL) return NULL;
  NEED(napi_delete_reference(env, self->on_received));
  NEED(napi_delete_reference(env, self->on_writable));
  shut(self);
  return NULL;
}

/* Sending */

/* send(socket, text, address, port) -> 0 | error; -EAGAIN: the system's buffer is full, ask with `watch` to be told */
static napi_value send_text(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value args[4];
  NEED(napi_get_cb_info(env, info, &count, args, NULL, NULL));
  udp_socket_t *self = socket_of(env, args[0]);
  if (self == NULL) return number(env, UV_EBADF);
  uint32_t port = 0;
  if (napi_get_value_uint32(env, args[3], &port) != napi_ok) return number(env, UV_EINVAL);
  address_t address;
  int error = parse_address(env, args[2], port, self->family, &address);
  if (error != 0) return number(env, error);
  module_t *module = self->module;
  size_t length;
  if (napi_get_value_string_latin1(env, args[1], module->outgoing, SLOT, &length) != napi_ok)
    return number(env, UV_EINVAL);
  ssize_t sent;
  do sent = sendto(self->fd, module->outgoing, length, 0, &address.any, length_of(self->family));
  while (sent < 0 && errno == EINTR);
  return number(env, sent < 0 ? -errno : 0);
}

/* watch(socket, writable): whether onWritable shall be called */
static napi_value watch(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value args[2];
  bool writable = false;
  NEED(napi_get_cb_info(env, info, &count, args, NULL, NULL));
  udp_socket_t *self = socket_of(env, args[0]);
  if (self == NULL || napi_get_value_bool(env, args[1], &writable) != napi_ok) return NULL;
  uv_poll_start(&self->poll, writable ? UV_READABLE | UV_WRITABLE : UV_READABLE, on_poll);
  return NULL;
}

/* Receiving */

/* senderOf(index): address of a datagram of the batch at hand, as text */
static napi_value sender_of(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value args[1];
  int32_t at = -1;
  NEED(napi_get_cb_info(env, info, &count, args, NULL, NULL));
  if (napi_get_value_int32(env, args[0], &at) != napi_ok || at < 0 || at >= BATCH) return NULL;
  return address_text(env, &module_of(env)->senders[at]);
}

static void describe(int32_t *fields, uint32_t length, const address_t *sender) {
  fields[0] = (int32_t)length;
  if (sender->any.sa_family == AF_INET6) {
    fields[1] = ntohs(sender->v6.sin6_port);
    memcpy(&fields[2], &sender->v6.sin6_addr, 16);
    fields[6] = (int32_t)sender->v6.sin6_scope_id;
  } else {
    fields[1] = ntohs(sender->v4.sin_port);
    fields[2] = fields[3] = fields[4] = fields[6] = 0;
    memcpy(&fields[5], &sender->v4.sin_addr, 4);
  }
}

/* Microseconds since the datagram came, from 0 to LONGEST_WAIT: the wall clock may have been set meanwhile. */
static int32_t wait_of(struct msghdr *message, const struct timespec *now) {
  struct cmsghdr *control = CMSG_FIRSTHDR(message);
  if (control == NULL || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SO_TIMESTAMPNS) return 0;
  struct timespec then;
  memcpy(&then, CMSG_DATA(control), sizeof then);
  int64_t waited = ((int64_t)now->tv_sec - then.tv_sec) * 1000000 + (now->tv_nsec - then.tv_nsec) / 1000;
  return waited < 0 || waited > LONGEST_WAIT ? 0 : (int32_t)waited;
}

/* Number of datagrams, or an error. */
static int receive(udp_socket_t *self) {
  module_t *module = self->module;
  int count = recvmmsg(self->fd, module->messages, BATCH, 0, NULL);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  for (int i = 0; i < count; i++) {
    struct msghdr *message = &module->messages[i].msg_hdr;
    int32_t *fields = module->header + i * FIELDS;
    describe(fields, module->messages[i].msg_len, &module->senders[i]);
    fields[7] = wait_of(message, &now);
    message->msg_namelen = sizeof(address_t);
    message->msg_controllen = sizeof(arrival_t);
  }
  return count;
}

/* False: it threw, or JavaScript does not run any more. */
static bool call(udp_socket_t *self, napi_ref callback, size_t count, const int32_t *value) {
  napi_env env = self->env;
  napi_handle_scope scope;
  napi_value function, global, argument = NULL;
  NEED(napi_open_handle_scope(env, &scope));
  NEED(napi_get_reference_value(env, callback, &function));
  NEED(napi_get_global(env, &global));
  if (count > 0) argument = number(env, *value);
  napi_status status = napi_make_callback(env, NULL, global, function, count, &argument, NULL);
  if (status == napi_pending_exception) {
    napi_value exception;
    if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
  }
  NEED(napi_close_handle_scope(env, scope));
  return status == napi_ok;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  udp_socket_t *self = poll->data;
  module_t *module = self->module;
  int place = self->place;
  if (status < 0) {
    /* The socket has an error pending (`ss -K`, an interface that went), and libuv has stopped watching it. */
    int pending = 0;
    socklen_t length = sizeof pending;
    getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &pending, &length);
    uv_poll_start(poll, UV_READABLE | UV_WRITABLE, on_poll);
    int32_t error = pending != 0 ? -pending : status;
    call(self, self->on_received, 1, &error);
    return;
  }
  if (events & UV_READABLE) {
    /* A batch that is not full has emptied the buffer. */
    bool more = true;
    for (int batch = 0; batch < BATCHES && more && module->sockets[place] == self; batch++) {
      int32_t result = receive(self);
      more = result != 0 && call(self, self->on_received, 1, &result) && result == BATCH;
    }
  }
  /* The call may have closed the socket; its memory stays until this turn of the loop is over. */
  if ((events & UV_WRITABLE) && module->sockets[place] == self) call(self, self->on_writable, 0, NULL);
}

/* The module */

static void free_module(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

static void set_function(napi_env env, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  NEED(napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value));
  NEED(napi_set_named_property(env, exports, name, value));
}

/* Memory that both sides see; the reference is never given back, so that it stays as long as the environment. */
static void *set_memory(napi_env env, napi_value exports, const char *name, size_t size) {
  napi_value buffer;
  napi_ref forever;
  void *data;
  NEED(napi_create_arraybuffer(env, size, &data, &buffer));
  NEED(napi_create_reference(env, buffer, 1, &forever));
  NEED(napi_set_named_property(env, exports, name, buffer));
  return data;
}

NAPI_MODULE_INIT() {
  module_t *module = calloc(1, sizeof *module);
  if (module == NULL) napi_fatal_error(__FILE__, NAPI_AUTO_LENGTH, "no memory", NAPI_AUTO_LENGTH);
  NEED(napi_set_instance_data(env, module, free_module, NULL));
  module->received = set_memory(env, exports, "received", (size_t)BATCH * SLOT);
  module->header = set_memory(env, exports, "header", BATCH * FIELDS * sizeof(int32_t));
  for (int i = 0; i < BATCH; i++) {
    module->pieces[i] = (struct iovec){ module->received + (size_t)i * SLOT, SLOT };
    module->messages[i].msg_hdr = (struct msghdr){
      .msg_name = &module->senders[i],
      .msg_namelen = sizeof(address_t),
      .msg_iov = &module->pieces[i],
      .msg_iovlen = 1,
      .msg_control = &module->arrivals[i],
      .msg_controllen = sizeof(arrival_t),
    };
  }
  set_function(env, exports, "open", open_socket);
  set_function(env, exports, "close", close_socket);
  set_function(env, exports, "send", send_text);
  set_function(env, exports, "watch", watch);
  set_function(env, exports, "senderOf", sender_of);
  napi_value source;
  NEED(napi_create_string_latin1(env, SOURCE, NAPI_AUTO_LENGTH, &source));
  NEED(napi_set_named_property(env, exports, "source", source));
  return exports;
}
