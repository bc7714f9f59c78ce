namespace Servers;

/// <summary>Something outside of this program is missing or refuses. The message says what, and what to do about it.</summary>
public sealed class ServersException(string message) : Exception(message);
