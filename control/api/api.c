#include "control/api/api.h"

#include "control/api/answer.h"
#include "control/api/order.h"
#include "control/api/protocol.h"
#include "control/api/rights.h"
#include "control/api/socket.h"
#include "control/api/verbs.h"
#include "control/descriptors.h"
#include "control/log.h"

#include <uv.h>

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 16 // with the same right; the oldest gives way
#define IDLE_MS         60000
#define LOOK_MS         1000

struct connection {
	struct connection *next; // the one accepted before
	struct api *api;
	uv_pipe_t pipe;
	uv_timer_t idle;
	uv_write_t write;
	enum right right;
	struct ucred peer; // when it connected
	unsigned holds;    // on its memory: two handles, and what is left to be given back
	bool closing;
	bool given_back;      // closing: of its answer nothing is left
	bool look;            // there may be a line to be taken
	bool writing;         // a piece is on its way
	bool ending;          // to be closed after this answer
	bool stopping;        // the daemon is to end after this answer, or without it
	bool ended;           // the client sends no more
	uint64_t served;      // its last share of the loop
	struct reply reply;   // of the verb that goes on
	struct answer answer; // on its way: no line is taken until it is over
	size_t len;
	char line[PROTOCOL_REQUEST_MAX];
	char piece[ANSWER_PIECE];
};

struct api {
	struct api_context context;
	uv_loop_t *loop;
	uv_pipe_t socket;
	struct socket_file file;
	uv_timer_t look;       // whether the file is still there
	bool missing, closing; // said already; for good
	struct api_groups groups;
	uid_t owner;
	uv_idle_t later;           // active while there is something to do: the loop does not wait
	struct connection *newest; // also those that are closing
	unsigned counts[RIGHT_COUNT];
	uint64_t served;     // shares of the loop given out
	unsigned references; // the socket and connections that hold its memory
};

static void api_release(struct api *api)
{
	if (--api->references == 0)
		free(api);
}

static void connection_release(struct connection *connection)
{
	struct connection **link = &connection->api->newest;

	if (--connection->holds > 0)
		return;
	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
	api_release(connection->api);
	free(connection);
}

static void connection_closed(uv_handle_t *handle)
{
	connection_release(handle->data);
}

static void serve(uv_idle_t *idle);

// The loop takes no further turn then, in which an answer could go out.
static void stop_if_asked(struct connection *connection)
{
	const struct api_context *context = &connection->api->context;

	if (connection->stopping && !connection->api->closing)
		context->stop(context->arg);
	connection->stopping = false;
}

static void wake(struct connection *connection)
{
	uv_idle_start(&connection->api->later, serve);
}

// What its answer has left is given back in shares: there may be much of it.
static void connection_close(struct connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	stop_if_asked(connection);
	connection->api->counts[connection->right]--;
	uv_close((uv_handle_t *)&connection->pipe, connection_closed);
	uv_close((uv_handle_t *)&connection->idle, connection_closed);
	wake(connection);
}

static void idle_over(uv_timer_t *timer)
{
	connection_close(timer->data);
}

// ---- answers ----

static void take_line(struct connection *connection);

// ---- answers ----

static void written(uv_write_t *request, int status)
{
	struct connection *connection = request->data;

	connection->writing = false;
	if (connection->closing)
		return;
	if (status != 0 || (connection->ending && answer_is_over(&connection->answer))) {
		connection_close(connection);
		return;
	}
	if (answer_is_over(&connection->answer))
		stop_if_asked(connection);
	uv_timer_again(&connection->idle);
	connection->look = true;
	wake(connection);
}

static void write_piece(struct connection *connection)
{
	const struct api_context *context = &connection->api->context;

	if (context->runs != NULL)
		context->runs(context->arg, "answers");
	size_t len = answer_piece(&connection->answer, connection->piece);
	uv_buf_t buffer = uv_buf_init(connection->piece, (unsigned)len);

	connection->write.data = connection;
	if (connection->answer.bytes > PROTOCOL_LINE_MAX ||
	    uv_write(&connection->write, (uv_stream_t *)&connection->pipe, &buffer, 1, written) !=
		    0) {
		connection_close(connection);
		return;
	}
	connection->writing = true;
}

// Takes the reference to value, which may be NULL for want of memory.
static void send_json(struct connection *connection, json_t *value)
{
	if (answer_begin_json(&connection->answer, value))
		write_piece(connection);
	else
		connection_close(connection);
}

static void send_error(struct connection *connection, const char *sentence, bool misuse)
{
	send_json(connection,
		  json_pack("{s:b, s:s, s:b}", "ok", 0, "error", sentence, "misuse", misuse));
}

static void send_reply(struct connection *connection, struct reply *reply)
{
	if (reply->error[0] != '\0') {
		send_error(connection, reply->error, reply->misuse);
	} else if (reply->text_len >
		   PROTOCOL_LINE_MAX / 4) { // data says the same again, and escapes
		send_error(connection, "the answer is longer than the protocol allows", false);
	} else {
		answer_begin(&connection->answer, reply); // its first piece is the next share's
	}
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

// The verb has ended, or goes on in the next turns of the loop.
static void answer(struct connection *connection)
{
	struct reply *reply = &connection->reply;

	if (reply->go_on != NULL) {
		uv_timer_stop(&connection->idle);
		return;
	}
	connection->stopping = reply->stops;
	send_reply(connection, reply);
	if (!connection->closing)
		reply_free(reply);
}

// Said before it is done: `log` may end this kind of line, `stop` every one.
static void run_order(struct connection *connection, const struct order *order)
{
	const struct api_context *context = &connection->api->context;
	bool changes = !right_reads(order->verb, order->arguments, order->count);
	bool silent = log_get_level() < LOG_LEVEL_INFO;
	struct reply *reply = &connection->reply;
	struct store_clock now;

	store_get_clock(context->store, &now);
	if (is_allowed(connection, order->verb, order->arguments, order->count, reply)) {
		if (changes)
			order_log(order, now.now_ms);
		verb_run(context, order->verb, order->arguments, order->count, reply);
		if (changes && silent)
			order_log(order, now.now_ms); // the log is open now
	}
	if (changes && reply->error[0] != '\0')
		order_log_refused(order, now.now_ms, reply->error);
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
	if (verb)
		run_order(connection, &(struct order){&connection->peer, verb, arguments, count});
	else
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

// Reads on when what has come has been looked at.
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
	uv_read_stop(stream);
	connection->look = true;
	wake(connection);
}

// ---- shares ----

static bool is_busy(const struct connection *connection)
{
	return connection->reply.go_on != NULL || connection->writing ||
	       !answer_is_over(&connection->answer);
}

// Takes the next line that is there, or reads on; while an answer is on its way neither, so that
// who does not read gets nothing more made for it (ATTACKS G5).
static void look_for_line(struct connection *connection)
{
	connection->look = false;
	take_line(connection);
	if (connection->closing || is_busy(connection) || connection->ended)
		return;
	if (uv_read_start((uv_stream_t *)&connection->pipe, give_room, received) != 0)
		connection_close(connection);
}

static void give_back(struct connection *connection)
{
	struct answer *answer = &connection->answer;

	if (!answer_is_over(answer)) {
		(void)answer_piece(answer, connection->piece);
	} else if (connection->reply.data != NULL) {
		answer_begin(answer, &connection->reply);
	} else {
		reply_free(&connection->reply);
		connection->given_back = true;
		connection_release(connection);
	}
}

static void serve_one(struct connection *connection)
{
	struct api *api = connection->api;

	if (connection->closing) {
		give_back(connection);
	} else if (connection->reply.go_on != NULL) {
		if (!verb_go_on(&api->context, &connection->reply))
			return;
		uv_timer_start(&connection->idle, idle_over, IDLE_MS, IDLE_MS);
		answer(connection);
	} else if (!answer_is_over(&connection->answer)) {
		write_piece(connection);
	} else {
		look_for_line(connection);
	}
}

static bool waits(const struct connection *connection)
{
	if (connection->closing)
		return !connection->given_back;
	return !connection->writing && (is_busy(connection) || connection->look);
}

// One share in a turn of the loop, however many ask: for the one that has had none for the longest.
static void serve(uv_idle_t *idle)
{
	struct api *api = idle->data;
	struct connection *first = NULL;

	for (struct connection *at = api->newest; at; at = at->next) {
		if (waits(at) && (!first || at->served < first->served))
			first = at;
	}
	if (!first) {
		uv_idle_stop(idle);
		return;
	}
	first->served = ++api->served;
	serve_one(first);
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
	connection->holds = 3;
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
		if (at->right == right && !at->closing)
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
	right = right_of_peer(fd, api->owner, &api->groups, &connection->peer);
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

	if (status == UV_EMFILE || status == UV_ENFILE) {
		uv_os_fd_t fd;

		if (uv_fileno((uv_handle_t *)socket, &fd) == 0)
			descriptors_turn_away(fd);
	}
	if (status != 0)
		return;
	// XXX: without memory for a connection libuv accepts no further one from this socket. Linux
	// hands out memory beyond what it has: as likely as being killed for want of it.
	connection = connection_new(api);
	if (!connection)
		return;
	if (uv_accept(socket, (uv_stream_t *)&connection->pipe) != 0 || descriptors_hold() < 0 ||
	    find_right(connection) != 0) {
		connection_close(connection);
		return;
	}
	uv_timer_start(&connection->idle, idle_over, IDLE_MS, IDLE_MS);
	send_json(connection,
		  json_pack("{s:i, s:s}", "assay", PROTOCOL_VERSION, "version", ASSAY_VERSION));
}

// ---- the socket ----

static void handle_closed(uv_handle_t *handle)
{
	api_release(handle->data);
}

static void say_missing(struct api *api, const char *sentence)
{
	if (!api->missing)
		log_error("%s; assayctl cannot reach this assayd until it is made anew, which is "
			  "tried "
			  "every second",
			  sentence);
	api->missing = true;
}

static void make_anew(uv_handle_t *socket)
{
	struct api *api = socket->data;
	char err[512], sentence[600], path[SOCKET_PATH_MAX];

	if (api->closing) {
		api_release(api);
		return;
	}
	memcpy(path, api->file.path, sizeof(path));
	uv_pipe_init(api->loop, &api->socket, 0);
	if (socket_bind(&api->socket, path, false, &api->groups, accepted, &api->file, err,
			sizeof(err)) != 0) {
		snprintf(sentence, sizeof(sentence), "the control socket was removed: %s", err);
		say_missing(api, sentence);
		return;
	}
	log_warning("the control socket %s was removed by somebody, and has been made anew", path);
	api->missing = false;
}

// Somebody who cleans up /run may take the file away. What others have put in its place is theirs.
static void look_for_file(uv_timer_t *timer)
{
	struct api *api = timer->data;
	char sentence[256];

	switch (socket_place(&api->file)) {
	case SOCKET_OURS:
		return;
	case SOCKET_GONE:
		if (!uv_is_closing((uv_handle_t *)&api->socket))
			uv_close((uv_handle_t *)&api->socket, make_anew);
		return;
	case SOCKET_ANOTHER:
		snprintf(sentence, sizeof(sentence),
			 "another file is in the place of the control socket %s", api->file.path);
		say_missing(api, sentence);
		return;
	}
}

static void close_handles(struct api *api)
{
	api->closing = true;
	if (!uv_is_closing((uv_handle_t *)&api->socket))
		uv_close((uv_handle_t *)&api->socket, make_anew);
	uv_close((uv_handle_t *)&api->look, handle_closed);
	uv_close((uv_handle_t *)&api->later, handle_closed);
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
	api->references = 3; // the socket, what looks for it, and what looks for ends
	uv_pipe_init(loop, &api->socket, 0);
	uv_idle_init(loop, &api->later);
	uv_timer_init(loop, &api->look);
	api->socket.data = api->later.data = api->look.data = api;
	uv_timer_start(&api->look, look_for_file, LOOK_MS, LOOK_MS);
	if (socket_bind(&api->socket, path, true, &api->groups, accepted, &api->file, err,
			err_len) == 0)
		return api;
	close_handles(api);
	return NULL;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	api->closing = true; // who has ordered to stop is obeyed by now
	for (struct connection *next, *at = api->newest; at; at = next) {
		next = at->next;
		connection_close(at);
		answer_free(&at->answer);
		reply_free(&at->reply);
		if (!at->given_back) {
			at->given_back = true;
			connection_release(at);
		}
	}
	if (!api->missing)
		socket_remove(&api->file);
	close_handles(api);
}
