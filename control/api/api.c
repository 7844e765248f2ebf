#include "control/api/api.h"

#include "control/api/protocol.h"
#include "control/api/rights.h"
#include "control/api/verbs.h"

#include <uv.h>

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 16 // with the same right; the oldest gives way
#define IDLE_MS         60000
#define BACKLOG         8
#define ANSWER_SIZE     4096 // at first

struct connection {
	struct connection *next; // the one accepted before
	struct api *api;
	uv_pipe_t pipe;
	uv_timer_t idle;
	enum right right;
	unsigned open_handles;
	bool closing;
	bool answering;     // an answer is on its way: nothing is read until it has been taken
	bool ending;        // to be closed after this answer
	bool ended;         // the client sends no more
	struct reply reply; // of the verb that goes on
	size_t len;
	char line[PROTOCOL_REQUEST_MAX];
};

struct api {
	struct api_context context;
	uv_loop_t *loop;
	uv_pipe_t socket;
	struct api_groups groups;
	uid_t owner;
	uv_idle_t later;           // active while a verb goes on: the loop does not wait
	struct connection *newest; // open ones
	unsigned counts[RIGHT_COUNT];
	unsigned references; // the socket and connections that hold its memory
};

static void api_release(struct api *api)
{
	if (--api->references == 0)
		free(api);
}

static void connection_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	if (--connection->open_handles > 0)
		return;
	api_release(connection->api);
	free(connection);
}

static void connection_close(struct connection *connection)
{
	struct connection **link = &connection->api->newest;

	if (connection->closing)
		return;
	connection->closing = true;
	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
	connection->api->counts[connection->right]--;
	uv_close((uv_handle_t *)&connection->pipe, connection_closed);
	uv_close((uv_handle_t *)&connection->idle, connection_closed);
	reply_free(&connection->reply);
}

static void idle_over(uv_timer_t *timer)
{
	connection_close(timer->data);
}

// ---- answers ----

struct outgoing {
	uv_write_t request;
	size_t len;
	char data[];
};

static void go_on(struct connection *connection);

static void written(uv_write_t *request, int status)
{
	struct connection *connection = request->data;

	free(request);
	if (connection->closing)
		return;
	connection->answering = false;
	if (status != 0 || connection->ending) {
		connection_close(connection);
		return;
	}
	uv_timer_again(&connection->idle);
	go_on(connection);
}

struct growing {
	struct outgoing *out;
	size_t size; // of data
};

static int append(const char *text, size_t len, void *arg)
{
	struct growing *growing = arg;
	size_t used = growing->out->len;

	if (used + len >= PROTOCOL_LINE_MAX)
		return -1;
	if (used + len >= growing->size) {
		size_t size = 2 * (used + len) + 1;
		struct outgoing *grown = realloc(growing->out, sizeof(*grown) + size);
		if (!grown)
			return -1;
		growing->out = grown;
		growing->size = size;
	}
	memcpy(growing->out->data + used, text, len);
	growing->out->len += len;
	return 0;
}

// In one pass: the answer may be long.
static struct outgoing *outgoing_new(struct connection *connection, const json_t *value)
{
	struct growing growing = {.out = malloc(sizeof(*growing.out) + ANSWER_SIZE),
				  .size = ANSWER_SIZE};

	if (!growing.out)
		return NULL;
	growing.out->len = 0;
	if (!value || json_dump_callback(value, append, &growing, JSON_COMPACT) != 0) {
		free(growing.out);
		return NULL;
	}
	growing.out->data[growing.out->len++] = '\n'; // append() leaves room for it
	growing.out->request.data = connection;
	return growing.out;
}

// Takes the reference to value, which may be NULL for want of memory.
static void send_json(struct connection *connection, json_t *value)
{
	struct outgoing *out = outgoing_new(connection, value);
	uv_buf_t buffer;

	json_decref(value);
	if (!out) {
		connection_close(connection);
		return;
	}
	buffer = uv_buf_init(out->data, (unsigned)out->len);
	if (uv_write(&out->request, (uv_stream_t *)&connection->pipe, &buffer, 1, written) != 0) {
		free(out);
		connection_close(connection);
		return;
	}
	connection->answering = true;
}

static void send_error(struct connection *connection, const char *sentence, bool misuse)
{
	send_json(connection,
		  json_pack("{s:b, s:s, s:b}", "ok", 0, "error", sentence, "misuse", misuse));
}

static void send_reply(struct connection *connection, const struct reply *reply)
{
	if (reply->error[0] != '\0')
		send_error(connection, reply->error, reply->misuse);
	else if (reply->text_len > PROTOCOL_LINE_MAX / 4) // data says the same again, and escapes
		send_error(connection, "the answer is longer than the protocol allows", false);
	else
		send_json(connection,
			  json_pack("{s:b, s:b, s:s, s:O?}", "ok", 1, "unwell", reply->unwell,
				    "text", reply->text ? reply->text : "", "data", reply->data));
}

// ---- requests ----

#define X(name, words, help, least, most, reads)                                                   \
	static_assert((most) <= PROTOCOL_ARGUMENTS, "arguments of " #name);
PROTOCOL_VERBS(X)
#undef X

// The words of a request; its verb, or NULL when it has not the form.
static const char *request_words(const json_t *request, const char *arguments[PROTOCOL_ARGUMENTS],
				 size_t *count)
{
	json_t *list = json_object_get(request, "arguments");
	size_t size = json_array_size(list);

	if (size > PROTOCOL_ARGUMENTS || (list && !json_is_array(list)))
		return NULL;
	for (*count = 0; *count < size; (*count)++) {
		arguments[*count] = json_string_value(json_array_get(list, *count));
		if (!arguments[*count])
			return NULL;
	}
	return json_string_value(json_object_get(request, "verb"));
}

static bool is_allowed(const struct connection *connection, const char *verb,
		       const char *const *arguments, size_t count, struct reply *reply)
{
	if (connection->right == RIGHT_ALL || right_reads(verb, arguments, count))
		return true;
	reply_refuse(reply,
		     "this would change something, which only root and members of the group of "
		     "control.operators may");
	return false;
}

static void look_for_ends(uv_idle_t *idle);

// The verb has ended, or goes on in the next turns of the loop.
static void answer(struct connection *connection)
{
	struct reply *reply = &connection->reply;

	if (reply->go_on != NULL) {
		connection->answering = true;
		uv_timer_stop(&connection->idle);
		uv_idle_start(&connection->api->later, look_for_ends);
		return;
	}
	send_reply(connection, reply);
	reply_free(reply);
}

static void look_for_ends(uv_idle_t *idle)
{
	struct api *api = idle->data;
	struct connection *next;
	bool waits = false;

	for (struct connection *connection = api->newest; connection; connection = next) {
		next = connection->next;
		if (connection->reply.go_on == NULL)
			continue;
		if (!verb_go_on(&api->context, &connection->reply)) {
			waits = true;
			continue;
		}
		uv_timer_start(&connection->idle, idle_over, IDLE_MS, IDLE_MS);
		answer(connection);
	}
	if (!waits)
		uv_idle_stop(idle);
}

static void answer_line(struct connection *connection, const char *line, size_t len)
{
	const char *arguments[PROTOCOL_ARGUMENTS], *verb = NULL;
	struct reply *reply = &connection->reply;
	json_error_t error;
	json_t *request = json_loadb(line, len, 0, &error);
	size_t count = 0;

	if (request)
		verb = request_words(request, arguments, &count);
	if (verb && is_allowed(connection, verb, arguments, count, reply))
		verb_run(&connection->api->context, verb, arguments, count, reply);
	else if (!verb)
		reply_misuse(reply, "not a request: %.160s",
			     request ? "it needs a verb and few arguments, all text" : error.text);
	answer(connection);
	json_decref(request);
}

static void take_line(struct connection *connection)
{
	char *end = memchr(connection->line, '\n', connection->len);
	size_t used;

	if (end) {
		used = (size_t)(end - connection->line) + 1;
		answer_line(connection, connection->line, used - 1);
		connection->len -= used;
		memmove(connection->line, connection->line + used, connection->len);
	} else if (connection->len == sizeof(connection->line)) {
		connection->ending = true;
		send_error(connection, "a request may take 65536 bytes", true);
	} else if (connection->ended) {
		connection_close(connection);
	}
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(connection->line + connection->len,
			      (unsigned)(sizeof(connection->line) - connection->len));
}

static void received(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;

	(void)buffer;
	if (len < 0 && len != UV_EOF) {
		connection_close(connection);
		return;
	}
	if (len >= 0)
		connection->len += (size_t)len;
	else
		connection->ended = true;
	uv_timer_again(&connection->idle);
	go_on(connection);
}

// Takes the next line that is there, or reads on; while an answer is on its way neither, so that
// who does not read gets nothing more made for it (ATTACKS G5).
static void go_on(struct connection *connection)
{
	int status;

	if (!connection->answering)
		take_line(connection);
	if (connection->closing)
		return;
	if (connection->answering || connection->ended) {
		uv_read_stop((uv_stream_t *)&connection->pipe);
		return;
	}
	status = uv_read_start((uv_stream_t *)&connection->pipe, give_room, received);
	if (status != 0 && status != UV_EALREADY)
		connection_close(connection);
}

static struct connection *connection_new(struct api *api)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->api = api;
	connection->next = api->newest;
	api->newest = connection;
	api->counts[RIGHT_NONE]++;
	api->references++;
	connection->open_handles = 2;
	uv_pipe_init(api->loop, &connection->pipe, 0); // makes no socket: cannot fail
	uv_timer_init(api->loop, &connection->idle);
	connection->pipe.data = connection->idle.data = connection;
	return connection;
}

// Who may only read takes no place of those who may do everything.
static void make_room(struct api *api, enum right right)
{
	struct connection *oldest = NULL;

	for (struct connection *at = api->newest; at; at = at->next) {
		if (at->right == right)
			oldest = at;
	}
	if (oldest && api->counts[right] == CONNECTIONS_MAX)
		connection_close(oldest);
}

static int find_right(struct connection *connection)
{
	struct api *api = connection->api;
	uv_os_fd_t fd;
	enum right right;

	if (uv_fileno((uv_handle_t *)&connection->pipe, &fd) != 0)
		return -1;
	right = right_of_peer(fd, api->owner, &api->groups);
	if (right == RIGHT_NONE)
		return -1;
	make_room(api, right);
	api->counts[RIGHT_NONE]--;
	connection->right = right;
	api->counts[right]++;
	return 0;
}

static void accepted(uv_stream_t *socket, int status)
{
	struct api *api = socket->data;
	struct connection *connection;

	if (status != 0)
		return;
	// XXX: without memory for a connection libuv accepts no further one from this socket. Linux
	// hands out memory beyond what it has: as likely as being killed for want of it.
	connection = connection_new(api);
	if (!connection)
		return;
	if (uv_accept(socket, (uv_stream_t *)&connection->pipe) != 0 ||
	    find_right(connection) != 0) {
		connection_close(connection);
		return;
	}
	uv_timer_start(&connection->idle, idle_over, IDLE_MS, IDLE_MS);
	send_json(connection,
		  json_pack("{s:i, s:s}", "assay", PROTOCOL_VERSION, "version", ASSAY_VERSION));
}

// ---- the socket ----

// A full queue (EAGAIN) is a live one, too; whoever is stuck must not make us wait.
static bool somebody_listens(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive;

	if (fd < 0)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	alive = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
	close(fd);
	return alive;
}

// A socket file that nobody answers on is left over from a run that was killed. Any other file is
// somebody's. 0, or -1 with a sentence.
static int make_way(const char *path, char *err, size_t err_len)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		return 0;
	if (!S_ISSOCK(info.st_mode)) {
		snprintf(err, err_len,
			 "%s: this file is no socket; move it or change control.socket", path);
		return -1;
	}
	if (somebody_listens(path)) {
		snprintf(err, err_len,
			 "%s: another assayd answers here already; stop it or change "
			 "control.socket",
			 path);
		return -1;
	}
	if (unlink(path) == 0)
		return 0;
	snprintf(err, err_len, "%s: the old socket cannot be removed: %s", path, strerror(errno));
	return -1;
}

// The socket's folder may be missing after a restart of the machine (/run). 0, or -1 with a
// sentence.
static int make_folder(const char *path, char *err, size_t err_len)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return 0;
	*slash = '\0';
	if (mkdir(folder, 0755) == 0 || errno == EEXIST)
		return 0;
	snprintf(err, err_len, "%s: the folder for the control socket cannot be made: %s", folder,
		 strerror(errno));
	return -1;
}

static int bind_socket(struct api *api, const char *path, char *err, size_t err_len)
{
	mode_t mask;
	int status;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		snprintf(err, err_len, "%s: a socket's path has at most 107 characters", path);
		return -1;
	}
	if (make_folder(path, err, err_len) != 0 || make_way(path, err, err_len) != 0)
		return -1;
	mask = umask(0177); // 0600 from the first moment
	status = uv_pipe_bind(&api->socket, path);
	umask(mask);
	if (status == 0)
		status = right_admit(path, &api->groups); // libuv's errors are those of Linux
	if (status == -EOPNOTSUPP) {
		snprintf(err, err_len,
			 "%s: control.operators and control.readers need a file system with access "
			 "lists (POSIX ACL): put control.socket below /run",
			 path);
		return -1;
	}
	if (status == 0)
		status = uv_listen((uv_stream_t *)&api->socket, BACKLOG, accepted);
	if (status == 0)
		return 0;
	snprintf(err, err_len, "%s: the control socket cannot be made: %s", path,
		 uv_strerror(status));
	return -1;
}

static void handle_closed(uv_handle_t *handle)
{
	api_release(handle->data);
}

struct api *api_open(uv_loop_t *loop, const char *path, const struct api_context *context,
		     char *err, size_t err_len)
{
	struct api *api = calloc(1, sizeof(*api));
	struct store_clock now;

	if (!api) {
		snprintf(err, err_len, "out of memory for the control socket");
		return NULL;
	}
	store_get_clock(context->store, &now);
	api->context = *context;
	api->context.started_ms = now.now_ms;
	api->context.groups = NULL; // the caller's
	api->groups = context->groups ? *context->groups
				      : (struct api_groups){GROUP_NOBODY, GROUP_NOBODY};
	api->owner = geteuid();
	api->loop = loop;
	api->references = 2; // the socket, and what looks for ends
	uv_pipe_init(loop, &api->socket, 0);
	uv_idle_init(loop, &api->later);
	api->socket.data = api->later.data = api;
	if (bind_socket(api, path, err, err_len) == 0)
		return api;
	uv_close((uv_handle_t *)&api->socket, handle_closed);
	uv_close((uv_handle_t *)&api->later, handle_closed);
	return NULL;
}

// libuv removes the socket's file.
void api_close(struct api *api)
{
	if (!api)
		return;
	while (api->newest)
		connection_close(api->newest);
	uv_close((uv_handle_t *)&api->socket, handle_closed);
	uv_close((uv_handle_t *)&api->later, handle_closed);
}
