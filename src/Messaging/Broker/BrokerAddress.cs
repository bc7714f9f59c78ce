using Microsoft.Extensions.Configuration;
using RabbitMQ.Client;

namespace Messaging;

/// <summary>Where the broker is: <c>ConnectionStrings:RabbitMq</c>.</summary>
public static class BrokerAddress
{
    private const string Setting = "ConnectionStrings:RabbitMq";

    /// <summary>For a role that does not talk to the broker, and so need not know it: a wrong address is told at its start all the same.</summary>
    /// <exception cref="SettingsException">It is set, and no address.</exception>
    public static void CheckIfSet(IConfiguration configuration)
    {
        if (!string.IsNullOrEmpty(configuration[Setting]))
        {
            Read(configuration);
        }
    }

    /// <exception cref="SettingsException">It is not set, or no address.</exception>
    internal static Uri Read(IConfiguration configuration)
    {
        var value = configuration[Setting];
        if (!Uri.TryCreate(value, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || !IsUnderstood(uri))
        {
            // The value itself may hold a password.
            throw new SettingsException(
                $"{SettingName.OfKey(Setting)} is {(string.IsNullOrEmpty(value) ? "not set" : "not understood")}: it must be an amqp:// or amqps:// URI, " +
                "such as amqp://USER:PASSWORD@HOST:5672/VHOST with / in names written as %2F.");
        }

        return uri;
    }

    /// <summary>Whether the client takes it too: not a virtual host of two parts, say.</summary>
    private static bool IsUnderstood(Uri uri)
    {
        try
        {
            _ = new ConnectionFactory { Uri = uri };
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
