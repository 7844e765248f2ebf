// Certificates for tests.
#include "tests/unit/control/upstream/tls_server.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (extension == NULL || X509_add_ext(certificate, extension, -1) != 1)
		abort();
	X509_EXTENSION_free(extension);
}

static X509 *begin(EVP_PKEY *key, const char *common_name, long from_s, long until_s)
{
	static long serial = 1;
	X509 *certificate = X509_new();

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)common_name, -1, -1, 0);
	return certificate;
}

static void finish(X509 *certificate, X509 *issuer, EVP_PKEY *key)
{
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
	if (X509_sign(certificate, key, EVP_sha256()) == 0)
		abort();
}

void tls_authority_make(struct tls_authority *authority)
{
	authority->key = EVP_EC_gen("P-256");
	authority->certificate = begin(authority->key, "authority", -86400, 86400);
	add_extension(authority->certificate, authority->certificate, NID_basic_constraints,
		      "critical,CA:TRUE");
	add_extension(authority->certificate, authority->certificate, NID_key_usage,
		      "critical,keyCertSign");
	finish(authority->certificate, authority->certificate, authority->key);
	strcpy(authority->file, "/tmp/authority.XXXXXX");
	FILE *file = fdopen(mkstemp(authority->file), "w");
	if (file == NULL || PEM_write_X509(file, authority->certificate) != 1)
		abort();
	fclose(file);
}

void tls_authority_free(struct tls_authority *authority)
{
	unlink(authority->file);
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
}

struct tls_proof tls_proof_make(const struct tls_authority *authority, const char *san,
				const char *common_name, long from_s, long until_s)
{
	struct tls_proof proof = {.key = EVP_EC_gen("P-256")};

	proof.certificate = begin(proof.key, common_name, from_s, until_s);
	X509 *issuer = authority != NULL ? authority->certificate : proof.certificate;
	if (san != NULL)
		add_extension(proof.certificate, issuer, NID_subject_alt_name, san);
	finish(proof.certificate, issuer, authority != NULL ? authority->key : proof.key);
	return proof;
}

void tls_proof_free(struct tls_proof *proof)
{
	X509_free(proof->certificate);
	EVP_PKEY_free(proof->key);
}

void tls_proof_pin(const struct tls_proof *proof, uint8_t pin[32])
{
	unsigned char *key = NULL;
	int len = i2d_PUBKEY(proof->key, &key);

	if (len <= 0 || EVP_Digest(key, (size_t)len, pin, NULL, EVP_sha256(), NULL) != 1)
		abort();
	OPENSSL_free(key);
}
