namespace Messaging;

/// <summary>Settings that the service cannot run with. The message names each setting, its value and its bound.</summary>
public sealed class SettingsException(string message) : Exception(message);
