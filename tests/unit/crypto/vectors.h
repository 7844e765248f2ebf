// The examples of the RFCs that define the algorithms, in presentation form.
#pragma once

struct vector {
	const char *what;
	const char *dnskey;
	const char *ds; // NULL: the RFC has none
	const char *rrset;
	const char *rrsig;
};

static const struct vector vectors[] = {
	{
		.what = "RFC 5702 6.1, RSA/SHA-256 with 512 bits",
		.dnskey = "example.net. 3600 IN DNSKEY 256 3 8 "
			  "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Q"
			  "s8P"
			  "kxUdp6p/DlUmObdk=",
		.rrset = "www.example.net. 3600 IN A 192.0.2.91",
		.rrsig = "www.example.net. 3600 IN RRSIG A 8 3 3600 20300101000000 20000101000000 "
			 "9033 example.net. "
			 "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK"
			 "/l"
			 "PtPiVYP4bwg==",
	},
	{
		.what = "RFC 6605 6.1, ECDSA P-256",
		.dnskey = "example.net. 3600 IN DNSKEY 257 3 13 "
			  "GojIhhXUN/"
			  "u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9"
			  "xMWyQLc8NAA==",
		.ds = "example.net. 3600 IN DS 55648 13 2 "
		      "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
		.rrset = "www.example.net. 3600 IN A 192.0.2.1",
		.rrsig = "www.example.net. 3600 IN RRSIG A 13 3 3600 20100909100439 20100812100439 "
			 "55648 example.net. "
			 "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+"
			 "3SNruPFKG7tZoLBLlUzGGus7Zw"
			 "mwWep666VCw==",
	},
	{
		.what = "RFC 6605 6.2, ECDSA P-384",
		.dnskey = "example.net. 3600 IN DNSKEY 257 3 14 "
			  "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/"
			  "egsXvSADtNJhyem5RCOpgQ6K8X1DR"
			  "SEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
		.ds = "example.net. 3600 IN DS 10771 14 4 "
		      "72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d28"
		      "8"
		      "405c3008a946df983d6",
		.rrset = "www.example.net. 3600 IN A 192.0.2.1",
		.rrsig = "www.example.net. 3600 IN RRSIG A 14 3 3600 20100909102025 20100812102025 "
			 "10771 example.net. "
			 "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74h"
			 "ba"
			 "vRKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm",
	},
	{
		.what = "RFC 8080 6.1, Ed25519",
		.dnskey = "example.com. 3600 IN DNSKEY 257 3 15 "
			  "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
		.ds = "example.com. 3600 IN DS 3613 15 2 "
		      "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b",
		.rrset = "example.com. 3600 IN MX 10 mail.example.com.",
		.rrsig = "example.com. 3600 IN RRSIG MX 15 2 3600 20150819220000 20150729220000 "
			 "3613 "
			 "example.com. "
			 "oL9krJun7xfBOIWcGHi7mag5/"
			 "hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9Vrb"
			 "pMngwcrqNAg==",
	},
	{
		.what = "RFC 8080 6.2, Ed448",
		.dnskey = "example.com. 3600 IN DNSKEY 257 3 16 "
			  "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/"
			  "OiBVHHSfPodx1FYYUcJKm1MDpJtI"
			  "A",
		.ds = "example.com. 3600 IN DS 9713 16 2 "
		      "6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7",
		.rrset = "example.com. 3600 IN MX 10 mail.example.com.",
		.rrsig = "example.com. 3600 IN RRSIG MX 16 2 3600 20150819220000 20150729220000 "
			 "9713 "
			 "example.com. "
			 "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiw"
			 "ZSA"
			 "xGILn/NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/"
			 "JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA",
	},
};
