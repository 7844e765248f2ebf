#include "control/own.h"

#include "control/state/file.h"
#include "dataplane/dataplane.h"

struct taking {
	struct locks *locks;
	int status;
	char *err;
	size_t err_len;
};

static void take_name(const char *kind, const char *name, void *arg)
{
	struct taking *taking = arg;

	if (taking->status == 0)
		taking->status =
			locks_take_name(taking->locks, kind, name, taking->err, taking->err_len);
}

// The locks of files lie in their directories, which are made here if they are missing.
static int take_files(struct locks *locks, const struct config *config, char *err, size_t err_len)
{
	char error[STATE_FILE_ERROR_MAX], history[CONFIG_HISTORY_PATH_MAX];
	int status;

	// What goes wrong here is said by those who need the directory.
	(void)!state_file_make_directory(config->control_socket, error);
	if (config->trust_state[0] != '\0')
		(void)!state_file_make_directory(config->trust_state, error);
	config_history_path(config, history);
	status = locks_take_file(locks, "state", config->trust_state, err, err_len);
	if (status == 0)
		status = locks_take_file(locks, "history of drills", history, err, err_len);
	if (status == 0)
		status = locks_take_file(locks, "control socket", config->control_socket, err,
					 err_len);
	return status;
}

int own_take(struct locks *locks, const struct config *config, char *err, size_t err_len)
{
	struct taking taking = {.locks = locks, .err = err, .err_len = err_len};

	dataplane_owned(&config->dataplane, take_name, &taking);
	if (taking.status < 0)
		return taking.status;
	return take_files(locks, config, err, err_len);
}
