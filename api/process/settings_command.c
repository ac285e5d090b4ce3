/* settings_command - settings from all their sources: files, environment, command line */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/settings.h"

#include <string.h>

#include "api/process/settings_table.h"
#include "base/document.h"

#define OPTION_SIZE 64
#define PREFIX "CLGUARD_"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

static void
replace(char *text, size_t len, char from, char to)
{
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == from ? to : text[i];
}

/* The setting that an option names: "--body-size" is body_size. `len`: of the name without the dashes. */
static int
option_find(const char *option, size_t len, const struct setting **ret, struct error *err)
{
	char plain[OPTION_SIZE];
	struct suggestion meant;

	if (len >= sizeof(plain))
		return error_set(err, ERROR_UNKNOWN, NULL, "unknown option '%s'", option);
	memcpy(plain, option + 2, len);
	replace(plain, len, '-', '_');
	*ret = setting_find((struct str){plain, len});
	if (*ret)
		return 0;
	meant = setting_suggest((struct str){plain, len});
	if (!meant.best.ptr)
		return error_set(err, ERROR_UNKNOWN, NULL, "unknown option '%s'", option);
	(void)snprintf(plain, sizeof(plain), "%.*s", STR_ARG(meant.best)); /* the table's names fit */
	replace(plain, strlen(plain), '_', '-');
	return error_set(err, ERROR_UNKNOWN, NULL, "unknown option '%s'; did you mean '--%s'?", option, plain);
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] == '-';
}

/*
 * The arguments of one option at argv[*at], which ends up on the last one used. `seen_lists` tells for
 * each setting of the table whether the command line has already replaced its list.
 */
static int
read_option(struct settings *settings, int argc, char **argv, int *at, bool *seen_lists, struct error *err)
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	const struct setting *setting;
	int first = *at + 1;
	int r = option_find(argv[*at], equals ? (size_t)(equals - name) : strlen(name), &setting, err);

	if (r != 0)
		return r;
	setting_note(settings, setting, SOURCE_COMMAND_LINE, NULL, 0);
	if (!equals && setting->kind == SETTING_BOOL)
		return setting_set(settings, setting, STR("true"), NULL, err);
	if (!equals && (first >= argc || is_option(argv[first])))
		return error_set(err, ERROR_MISSING, NULL, "option '%s' needs a value", argv[*at]);
	if (setting->kind == SETTING_LIST) {
		bool *seen = &seen_lists[setting - setting_table()];

		if (!*seen)
			setting_clear_list(settings, setting);
		*seen = true;
	}
	if (equals)
		return setting_set(settings, setting, str_from(equals + 1), NULL, err);
	*at = first;
	if (setting->kind != SETTING_LIST)
		return setting_set(settings, setting, str_from(argv[first]), NULL, err);
	for (; *at < argc && !is_option(argv[*at]) && r == 0; (*at)++)
		r = setting_set(settings, setting, str_from(argv[*at]), NULL, err);
	(*at)--;
	return r;
}

/* --config may stand anywhere, and must be read before what overrides it. */
static int
find_config(int argc, char **argv, struct settings_command *ret, struct error *err)
{
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--config=", 9) == 0)
			ret->config = argv[i] + 9;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			ret->config = argv[++i];
		else if (strcmp(argv[i], "--config") == 0)
			return error_set(err, ERROR_MISSING, NULL, "option '--config' needs a value");
	}
	return 0;
}

static int
read_command_line(struct settings *settings, int argc, char **argv, struct settings_command *ret, struct error *err)
{
	bool seen_lists[SETTINGS_MOST] = {false};
	int r = 0;

	for (int i = 1; i < argc && r == 0; i++) {
		if (strcmp(argv[i], "--help") == 0)
			ret->help = true;
		else if (strcmp(argv[i], "--version") == 0)
			ret->version = true;
		else if (strcmp(argv[i], "--print-config") == 0)
			ret->print_config = true;
		else if (strcmp(argv[i], "--check-config") == 0)
			ret->check_config = true;
		else if (strcmp(argv[i], "--config") == 0)
			i++;
		else if (strncmp(argv[i], "--config=", 9) == 0)
			continue;
		else if (is_option(argv[i]))
			r = read_option(settings, argc, argv, &i, seen_lists, err);
		else
			r = error_set(err, ERROR_UNKNOWN, NULL, "'%s' belongs to no option", argv[i]);
	}
	return r;
}

const char *
settings_variable(char *const *environment, const char *name)
{
	size_t len = strlen(name);

	for (; *environment; environment++)
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=' && (*environment)[len + 1])
			return *environment + len + 1;
	return NULL;
}

/* True for variables of our other programs, and for those that Kubernetes sets for a Service called clguard. */
static bool
is_known_variable(struct str name)
{
	static const char *const own[] = {"CONFIG", "CONFIG_DIR", "SERVICE"};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (str_is(name, own[i]))
			return true;
	return str_is(name, "PORT") || str_starts_with(name, STR("PORT_")) || str_is(name, "SERVICE_HOST") ||
	       str_is(name, "SERVICE_PORT") || str_starts_with(name, STR("SERVICE_PORT_"));
}

/* CLGUARD_DATA_DIR means data: the nearest name, else one that it begins with. */
static void
warn_unknown(struct str plain, const char *variable, size_t len, struct diags *findings)
{
	struct suggestion meant = setting_suggest(plain);
	char name[SETTING_VARIABLE_SIZE];

	for (size_t i = plain.len; i > 0 && !meant.best.ptr; i--) {
		if (plain.ptr[i - 1] == '_' && setting_find((struct str){plain.ptr, i - 1}))
			meant.best = (struct str){plain.ptr, i - 1};
	}
	setting_variable(meant.best, name);
	diags_add(findings, SEVERITY_WARNING, NULL, NULL, "the environment has %.*s, which is not a setting%s%s%s",
	          (int)len, variable, meant.best.ptr ? "; did you mean " : "", meant.best.ptr ? name : "",
	          meant.best.ptr ? "?" : "");
}

/* "[a, b]", or words between spaces. */
static int
read_list_variable(struct settings *settings, const struct setting *setting, const char *value, struct error *err)
{
	struct node *root;
	struct arena arena;
	int r;

	setting_clear_list(settings, setting);
	if (value[0] != '[') {
		for (r = 0; *value && r == 0; value += strspn(value, " \t\n")) {
			size_t len = strcspn(value, " \t\n");

			r = len ? setting_set(settings, setting, (struct str){value, len}, NULL, err) : 0;
			value += len;
		}
		return r;
	}
	arena_init(&arena, 0);
	r = document_read(str_from(value), "", &document_limits_default, &arena, &root, err);
	for (const struct node *item = r == 0 ? root->first : NULL; item && r == 0; item = item->next)
		r = node_is_scalar(item) ? setting_set(settings, setting, item->text, NULL, err)
		                         : error_set(err, ERROR_TYPE, NULL, "%s: %s where one value is expected",
		                                     setting->name, node_kind_phrase(item));
	arena_free(&arena);
	return r;
}

/* One variable, CLGUARD_NAME=VALUE. */
static int
read_variable(struct settings *settings, const char *variable, struct diags *findings)
{
	size_t len = strcspn(variable, "=");
	const char *value = variable + len + (variable[len] == '=');
	char plain[OPTION_SIZE], shown[SETTING_VARIABLE_SIZE];
	const struct setting *setting = NULL;
	struct error err = {0};
	int r;

	if (is_known_variable((struct str){variable + PREFIX_LEN, len - PREFIX_LEN}))
		return 0;
	for (size_t i = PREFIX_LEN; i < len && i - PREFIX_LEN < sizeof(plain); i++)
		plain[i - PREFIX_LEN] =
			(char)(variable[i] >= 'A' && variable[i] <= 'Z' ? variable[i] + ('a' - 'A') : variable[i]);
	if (len - PREFIX_LEN <= sizeof(plain))
		setting = setting_find((struct str){plain, len - PREFIX_LEN});
	if (!setting) {
		warn_unknown((struct str){plain, len - PREFIX_LEN < sizeof(plain) ? len - PREFIX_LEN : sizeof(plain)},
		             variable, len, findings);
		return 0;
	}
	if (!*value && !setting->may_be_empty)
		return 0;
	r = setting->kind == SETTING_LIST ? read_list_variable(settings, setting, value, &err)
	                                  : setting_set(settings, setting, str_from(value), NULL, &err);
	setting_note(settings, setting, SOURCE_ENVIRONMENT, NULL, 0);
	if (r != 0) {
		setting_variable(str_from(setting->name), shown);
		err.line = 0; /* of the value, which has no file */
		diags_add_error(findings, shown, &err);
	}
	return r;
}

int
settings_read_environment(struct settings *settings, char *const *environment, struct diags *findings)
{
	int r = 0;

	for (; *environment; environment++) {
		int bad = strncmp(*environment, PREFIX, PREFIX_LEN) == 0
		                  ? read_variable(settings, *environment, findings)
		                  : 0;

		r = r != 0 ? r : bad;
	}
	return r;
}

int
settings_gather(struct settings *settings, int argc, char **argv, char *const *environment,
                struct settings_command *ret, struct diags *findings, struct error *err)
{
	const char *directory = settings_variable(environment, "CLGUARD_CONFIG_DIR");
	int r = find_config(argc, argv, ret, err), bad;

	if (r != 0)
		return r;
	if (!ret->config)
		ret->config = settings_variable(environment, "CLGUARD_CONFIG");
	r = ret->config ? settings_read_file(settings, ret->config, findings)
	                : settings_read_directory(settings, directory ? directory : CONFDIR, findings);
	bad = settings_read_environment(settings, environment, findings);
	r = r != 0 ? r : bad;
	bad = read_command_line(settings, argc, argv, ret, err);
	return bad != 0 ? bad : r;
}
