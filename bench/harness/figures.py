"""What the figures must be and what is aimed at."""

# name: (must, aim, whether more is better, words)
FIGURES = {
    'ratio_1m': (0.45, 0.60, True, '1,000,000 names, uniform, OPT without DO ÷ testpmd 5tswap'),
    'ratio_1m_do': (0.35, 0.45, True, 'the same, DO=1 and RRSIGs of P-256'),
    'ratio_10m': (0.30, 0.45, True, '10,000,000 names, 1,000,000 queries of them'),
    'ratio_zipf': (0.50, 0.65, True, 'Zipf 1.0 over 1,000,000 names'),
    'ratio_nsec': (0.25, 0.40, True, 'NXDOMAIN synthesised from NSEC, OPT without DO'),
    'flood_lost': (0.001, 0, False, 'names in use lost while a signed zone is flooded, worst'),
    'idle_control': (0.01, 0.005, False, 'of a CPU: control without questions'),
    'idle_poll': (0.05, 0.02, False, 'of a CPU: a poll-mode core in adaptive mode without questions'),
    'start_answer_s': (1.0, 0.5, False, 'seconds from the start to the first answer, 1 GiB of cache'),
    'control_longest_turn_ms': (5.0, 3.0, False, 'ms of CPU: the longest turn of the event loop'),
    'mqps_1m': (8, 10, True, 'million answers per second of the core, 1,000,000 names'),
    'ratio_churn': (0.90, 0.97, True, '100,000 RRsets per second inserted ÷ none'),
    'hits_under_misses': (0.85, 0.95, True,
                          'hits with every 10th query a miss ÷ 0.9 × all cached'),
    'hits_kept': (0.999, 1, True, 'over memif at half of capacity, 10 % misses: hits answered'),
    'bytes_a': (256, 192, False, 'bytes of the budget per plain A RRset'),
    'bytes_signed': (448, 384, False, 'bytes of the budget per A RRset with RRSIG of P-256'),
    'eviction': (0.95, 1.0, True, "share found by the cache ÷ by the best policy, worst case"),
    'index_1m': (1, 0.8, False, 'time of the own index ÷ the faster of the others, 1 M keys'),
    'index_10m': (1, 0.8, False, 'the same, 10 M keys'),
    'ratio_rsa2048': (0.95, 1.0, True, 'RSA-2048 through crypto/batch ÷ bare primitive'),
    'ratio_p256': (0.95, 1.0, True, 'P-256 through crypto/batch ÷ bare primitive'),
    'ratio_p384': (0.95, 1.0, True, 'P-384 through crypto/batch ÷ bare primitive'),
    'ratio_ed25519': (0.95, 1.0, True, 'Ed25519 through crypto/batch ÷ bare primitive'),
    'scaling_2': (1.8, 2.0, True, 'two crypto workers ÷ one'),
    'memo_ns': (1000, 500, False, 'ns for a signature that was verified before'),
    'cold_ratio': (0.5, 0.4, False, "CPU of a new name in a known zone ÷ the best peer's"),
    'coldzone_ratio': (0.6, 0.5, False, "CPU of a name in a new zone ÷ the best peer's"),
    'cold_packets': (1, 0.95, False, "packets to servers, known zones ÷ the best peer's"),
    'cold_deep_packets': (1, 0.95, False,
                          "packets to servers, below empty non-terminals ÷ the best peer's"),
    'coldzone_packets': (1, 0.95, False, "packets to servers, new zones ÷ the best peer's"),
    'cold_worker_speedup': (1.3, 1.5, True, 'resolved/s with a crypto worker ÷ without'),
    'peers_cpu': (1, 0.5, False, "CPU per cached answer ÷ the best peer's, polling included"),
    'allocs_per_verify': (0, 0, False, 'heap allocations of ours per verification'),
    'keytrap_us': (20000, 12000, False, 'CPU us per KeyTrap question, dearest algorithm'),
    'nsec3_us': (1000, 300, False, 'CPU us per question of 125 labels, dearest iterations'),
    'hits_under_keytrap': (0.98, 1.0, True, 'hits while 1,000 hostile questions/s are judged'),
}


def meets(value, bound, more_is_better):
    return value >= bound if more_is_better else value <= bound


def verdict(name, value, judged):
    """One word for a figure's row."""
    if not judged:
        return 'not judged'
    must, aim, more, _ = FIGURES[name]
    if not meets(value, must, more):
        return 'BELOW' if more else 'ABOVE'
    return 'aim reached' if meets(value, aim, more) else 'met'
