#include "control/api/api.h"

#include "control/api/protocol.h"
#include "control/api/verbs.h"

#include <uv.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 16
#define ARGUMENTS_MAX 8
#define IDLE_MS 60000

struct connection {
	struct connection *next;
	struct api *api;
	uv_pipe_t pipe;
	uv_timer_t idle;
	unsigned closing; // handles still to be closed
	size_t len;
	char line[PROTOCOL_REQUEST_MAX];
};

struct api {
	struct api_context context;
	uv_loop_t *loop;
	uv_pipe_t socket;
	char path[108];
	struct connection *connections;
	unsigned count;
	bool socket_closed;
};

static void api_free_when_done(struct api *api)
{
	if (api->socket_closed && api->count == 0)
		free(api);
}

static void connection_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data, **link;
	struct api *api = connection->api;

	if (--connection->closing > 0)
		return;
	for (link = &api->connections; *link != connection; link = &(*link)->next)
		;
	*link = connection->next;
	api->count--;
	free(connection);
	api_free_when_done(api);
}

static void connection_close(struct connection *connection)
{
	if (uv_is_closing((uv_handle_t *)&connection->pipe))
		return;
	connection->closing = 2;
	uv_close((uv_handle_t *)&connection->pipe, connection_closed);
	uv_close((uv_handle_t *)&connection->idle, connection_closed);
}

static void idle_over(uv_timer_t *timer)
{
	connection_close(timer->data);
}

struct outgoing {
	uv_write_t request;
	size_t len;
	char data[];
};

static void written(uv_write_t *request, int status)
{
	struct connection *connection = request->data;

	free(request);
	if (status != 0)
		connection_close(connection);
}

static void send_json(struct connection *connection, json_t *value)
{
	size_t len = json_dumpb(value, NULL, 0, JSON_COMPACT);
	struct outgoing *out = malloc(sizeof(*out) + len + 1);
	uv_buf_t buffer;

	if (len == 0 || len >= PROTOCOL_LINE_MAX || !out) {
		free(out);
		connection_close(connection);
		return;
	}
	out->len = json_dumpb(value, out->data, len, JSON_COMPACT);
	out->data[out->len++] = '\n';
	out->request.data = connection;
	buffer = uv_buf_init(out->data, (unsigned)out->len);
	if (uv_write(&out->request, (uv_stream_t *)&connection->pipe, &buffer, 1, written) != 0) {
		free(out);
		connection_close(connection);
	}
}

static void send_reply(struct connection *connection, struct reply *reply)
{
	json_t *value;

	if (reply->error[0] != '\0')
		value = json_pack("{s:b, s:s}", "ok", 0, "error", reply->error);
	else
		value = json_pack("{s:b, s:s, s:O?}", "ok", 1, "text", reply->text ? reply->text : "",
				  "data", reply->data);
	send_json(connection, value);
	json_decref(value);
	json_decref(reply->data);
	free(reply->text);
}

// The words of a request; its verb, or NULL when it has not the form.
static const char *request_words(json_t *request, const char *arguments[ARGUMENTS_MAX], size_t *count)
{
	json_t *list = json_object_get(request, "arguments");
	size_t size = json_array_size(list);

	if (size > ARGUMENTS_MAX || (list && !json_is_array(list)))
		return NULL;
	for (*count = 0; *count < size; (*count)++) {
		arguments[*count] = json_string_value(json_array_get(list, *count));
		if (!arguments[*count])
			return NULL;
	}
	return json_string_value(json_object_get(request, "verb"));
}

static void answer_line(struct connection *connection, const char *line, size_t len)
{
	const char *arguments[ARGUMENTS_MAX], *verb = NULL;
	struct reply reply = {0};
	json_error_t error;
	json_t *request = json_loadb(line, len, 0, &error);
	size_t count = 0;

	if (request)
		verb = request_words(request, arguments, &count);
	if (verb)
		verb_run(&connection->api->context, verb, arguments, count, &reply);
	else
		reply_error(&reply, "not a request: %s",
			    request ? "it needs a verb and a list of arguments" : error.text);
	send_reply(connection, &reply);
	json_decref(request);
}

static void answer_lines(struct connection *connection)
{
	char *end;

	while ((end = memchr(connection->line, '\n', connection->len)) != NULL) {
		size_t used = (size_t)(end - connection->line) + 1;

		answer_line(connection, connection->line, used - 1);
		memmove(connection->line, connection->line + used, connection->len - used);
		connection->len -= used;
	}
	if (connection->len == sizeof(connection->line))
		connection_close(connection); // a line that does not end
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
	if (len < 0) {
		connection_close(connection);
		return;
	}
	connection->len += (size_t)len;
	uv_timer_again(&connection->idle);
	answer_lines(connection);
}

static void greet(struct connection *connection)
{
	json_t *hello = json_pack("{s:i, s:s}", "assay", PROTOCOL_VERSION, "version", ASSAY_VERSION);

	send_json(connection, hello);
	json_decref(hello);
}

static void accepted(uv_stream_t *socket, int status)
{
	struct api *api = socket->data;
	struct connection *connection;

	if (status != 0)
		return;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return;
	connection->api = api;
	connection->next = api->connections;
	api->connections = connection;
	api->count++;
	uv_pipe_init(api->loop, &connection->pipe, 0);
	uv_timer_init(api->loop, &connection->idle);
	connection->pipe.data = connection->idle.data = connection;
	if (uv_accept(socket, (uv_stream_t *)&connection->pipe) != 0 || api->count > CONNECTIONS_MAX) {
		connection_close(connection);
		return;
	}
	uv_timer_start(&connection->idle, idle_over, IDLE_MS, IDLE_MS);
	uv_read_start((uv_stream_t *)&connection->pipe, give_room, received);
	greet(connection);
}

// A socket file that nobody answers on is left over from a run that was killed.
static bool somebody_listens(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	alive = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	return alive;
}

// The socket's folder may be missing after a restart of the machine (/run).
static void make_folder(const char *path)
{
	char folder[108];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash && slash != folder) {
		*slash = '\0';
		mkdir(folder, 0755);
	}
}

static int bind_socket(struct api *api, const char *path, char *err, size_t err_len)
{
	mode_t mask;
	int status;

	if (somebody_listens(path)) {
		snprintf(err, err_len, "%s: another assayd answers here already; stop it or change "
				       "control.socket", path);
		return -1;
	}
	make_folder(path);
	unlink(path);
	mask = umask(0177); // 0600 from the first moment
	status = uv_pipe_bind(&api->socket, path);
	umask(mask);
	if (status == 0)
		status = uv_listen((uv_stream_t *)&api->socket, 8, accepted);
	if (status == 0)
		return 0;
	snprintf(err, err_len, "%s: the control socket cannot be made: %s", path, uv_strerror(status));
	return -1;
}

static void socket_closed(uv_handle_t *handle)
{
	struct api *api = handle->data;

	api->socket_closed = true;
	api_free_when_done(api);
}

struct api *api_open(uv_loop_t *loop, const char *path, const struct api_context *context, char *err,
		     size_t err_len)
{
	struct api *api = calloc(1, sizeof(*api));

	if (!api) {
		snprintf(err, err_len, "out of memory for the control socket");
		return NULL;
	}
	api->context = *context;
	api->loop = loop;
	snprintf(api->path, sizeof(api->path), "%s", path);
	uv_pipe_init(loop, &api->socket, 0);
	api->socket.data = api;
	if (bind_socket(api, path, err, err_len) == 0)
		return api;
	uv_close((uv_handle_t *)&api->socket, socket_closed);
	return NULL;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	unlink(api->path);
	for (struct connection *c = api->connections; c; c = c->next)
		connection_close(c);
	uv_close((uv_handle_t *)&api->socket, socket_closed);
}
