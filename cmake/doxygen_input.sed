# What Doxygen reads instead of the sources (sed -E).
# It does not know `namespace a::inline b`.
s/::inline v[0-9_]+//
# It takes the c of `a-b::c` for a link.
s,`([a-z]+-[a-z]+)::([a-z0-9.-]+)`,<tt>\1:</tt><tt>:\2</tt>,
# Each section of a contract is a paragraph.
s,^( */// )(Result|Throws|Throws also|Result. Throws|Cancellation|Lifetimes|Threads|Default): ,\1<br><b>\2:</b> ,
