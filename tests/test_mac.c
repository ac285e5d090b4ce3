/* test_mac - codes of a chain against the reference implementation of SipHash, and their texts */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mac.h"
#include "tests/cmocka_all.h"

/* The key is the bytes 00 to 0f, the input the bytes from 00 on: 16, the code before, and up to 16 more. */
static const char *const vectors[] = {
	"bb54b067caa4e26e77052385bf1533fd", "98b88d73e8063d474077e47ac466c054", "8548bf23e4e526a423f7aefe81a44d29",
	"b0fa65cf31770178b12e51528920d574", "7390223f83fc259eeb3938e8a544933e", "215a52be5a498e56121d073ecd14228a",
	"9a6bd15245b5294aae0aff8e52109c46", "e0f5a9d5dd84d1c91c69bf9a9ae28ccf", "d850bd78ae79b42dad32618a178a2a88",
	"7b445e2d045fce8e6f8f8dcbeab95150", "e807c3b3b4530b9c661f147886e0ae7e", "e4eaa669af48f2ab94eb9e122febd3bf",
	"884b576816da6406f4ae587302f335b9", "e97d33bfc49d4baab76a7c463cfdd40c", "de6baf1f477f5cea87226d68d4d71a2b",
	"fcfa233218b03929353dc4524fde2317", "3efcea5eca56397c68eb4665559d3e36",
};

static void
test_vectors(void **state)
{
	const struct hash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
	const struct hash128 before = {key.k0, key.k1};
	char bytes[16], text[MAC_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(16 + i);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct hash128 mac = mac_chain(&key, before, (struct str){bytes, i}), back;

		mac_write(mac, text);
		assert_string_equal(text, vectors[i]);
		assert_true(mac_read(str_from(text), &back) && back.lo == mac.lo && back.hi == mac.hi);
	}
}

static void
test_texts(void **state)
{
	static const char *const bad[] = {"", "0", "0123456789abcdef0123456789abcdeg",
	                                  "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdef0"};
	struct hash128 mac;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(mac_read(str_from(bad[i]), &mac));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
