/* cmd_completion - clguard completion: scripts that complete commands and options in a shell */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "api/process/settings_table.h"

/* The options of commands come from the tables that read them: 'clguard COMMAND --list-options' prints one's. */
static const char bash_head[] =
	"# bash completion for clguard and clguardd, as 'clguard completion bash' prints it\n"
	"_clguard() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]}\n"
	"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(clguard --list-commands | cut -f1) --help --version\" -- \"$word\"))\n"
	"\telif [[ $word == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(clguard \"${COMP_WORDS[1]}\" --list-options 2>/dev/null)\" -- \"$word\"))\n"
	"\telse\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
	"\tfi\n"
	"}\n"
	"complete -o filenames -F _clguard clguard\n"
	"_clguardd() {\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]}\n"
	"\tcase ${COMP_WORDS[COMP_CWORD - 1]} in\n";

static const char zsh_head[] = "#compdef clguard clguardd\n"
			       "# zsh completion for clguard and clguardd, as 'clguard completion zsh' prints it\n"
			       "_clguard() {\n"
			       "\tlocal -a found\n"
			       "\tif [[ $service == clguardd ]]; then\n"
			       "\t\t_clguardd\n"
			       "\telif ((CURRENT == 2)); then\n"
			       "\t\tfound=(${(f)\"$(clguard --list-commands | sed 's/:/\\\\:/g; s/\\t/:/')\"})\n"
			       "\t\t_describe command found\n"
			       "\telif [[ $PREFIX == -* ]]; then\n"
			       "\t\tfound=(${(f)\"$(clguard $words[2] --list-options 2>/dev/null)\"})\n"
			       "\t\tcompadd -- $found\n"
			       "\telse\n"
			       "\t\t_files\n"
			       "\tfi\n"
			       "}\n"
			       "_clguardd() {\n"
			       "\t_arguments \\\n";

static const char fish_head[] =
	"# fish completion for clguard and clguardd, as 'clguard completion fish' prints it\n"
	"complete -c clguard -n __fish_use_subcommand -f -a '(clguard --list-commands)'\n"
	"complete -c clguard -n 'not __fish_use_subcommand; and string match -q -- \"-*\" (commandline -ct)' "
	"-a '(clguard (commandline -opc)[2] --list-options 2>/dev/null)'\n";

static void
print_option(const struct setting *setting)
{
	fputs("--", stdout);
	for (const char *c = setting->name; *c; c++)
		putchar(*c == '_' ? '-' : *c);
}

static void
print_choices(const struct setting *setting, const char *between)
{
	for (int i = 0; i < SETTING_CHOICES && setting->choices[i]; i++)
		printf("%s%s", i ? between : "", setting->choices[i]);
}

/* The first sentence of the help, without what shells take for their own. */
static void
print_sentence(const char *help)
{
	size_t len = strcspn(help, ".:;");

	for (size_t i = 0; i < len; i++)
		putchar(strchr("'[]\"\\$`", help[i]) ? ' ' : help[i]);
}

static void
print_bash(void)
{
	fputs(bash_head, stdout);
	for (const struct setting *setting = setting_table(); setting->name; setting++) {
		if (setting->kind != SETTING_CHOICE)
			continue;
		fputs("\t", stdout);
		print_option(setting);
		fputs(") COMPREPLY=($(compgen -W '", stdout);
		print_choices(setting, " ");
		fputs("' -- \"$word\")) ;;\n", stdout);
	}
	fputs("\t*) if [[ $word == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W '--config --check-config --print-config "
	      "--help "
	      "--version",
	      stdout);
	for (const struct setting *setting = setting_table(); setting->name; setting++) {
		putchar(' ');
		print_option(setting);
	}
	fputs("' -- \"$word\"))\n\telse\n\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n\tfi ;;\n\tesac\n}\n"
	      "complete -o filenames -F _clguardd clguardd\n",
	      stdout);
}

static void
print_zsh(void)
{
	fputs(zsh_head, stdout);
	for (const struct setting *setting = setting_table(); setting->name; setting++) {
		fputs("\t\t'", stdout);
		print_option(setting);
		putchar('[');
		print_sentence(setting->help);
		putchar(']');
		if (setting->kind == SETTING_CHOICE) {
			printf(":%s:(", setting->name);
			print_choices(setting, " ");
			putchar(')');
		} else if (setting->kind != SETTING_BOOL) {
			printf(":%s:_files", setting->name);
		}
		fputs("' \\\n", stdout);
	}
	fputs("\t\t'--config[Read settings from a file]:file:_files' '--check-config' '--print-config' '--help' "
	      "'--version'\n}\n_clguard \"$@\"\n",
	      stdout);
}

static void
print_fish(void)
{
	fputs(fish_head, stdout);
	for (const struct setting *setting = setting_table(); setting->name; setting++) {
		fputs("complete -c clguardd -l ", stdout);
		for (const char *c = setting->name; *c; c++)
			putchar(*c == '_' ? '-' : *c);
		if (setting->kind == SETTING_CHOICE) {
			fputs(" -x -a '", stdout);
			print_choices(setting, " ");
			putchar('\'');
		} else if (setting->kind != SETTING_BOOL) {
			fputs(" -r", stdout);
		}
		fputs(" -d '", stdout);
		print_sentence(setting->help);
		fputs("'\n", stdout);
	}
	fputs("complete -c clguardd -l config -r\ncomplete -c clguardd -l check-config\ncomplete -c clguardd -l "
	      "print-config\n",
	      stdout);
}

int
cmd_completion(int argc, char **argv)
{
	static const char help[] = "usage: clguard completion bash|zsh|fish\n\n"
				   "Prints a script that completes commands and options of clguard and clguardd.\n";
	bool want_help = false;
	struct words words = {0};
	const struct argument table[] = {{"--help", .flag = &want_help}, {0}};
	const char *shell;

	if (arguments_parse("clguard completion", argc, argv, table, &words) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	shell = words.count == 1 ? words.words[0] : "";
	if (strcmp(shell, "bash") == 0)
		print_bash();
	else if (strcmp(shell, "zsh") == 0)
		print_zsh();
	else if (strcmp(shell, "fish") == 0)
		print_fish();
	else {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}
